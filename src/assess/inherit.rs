//! What an account inherits: an organization's trail records its members, and the rest of that chain lives in the account
//! that owns the trail, or in that of its log group.

use std::collections::BTreeSet;

use crate::snapshot::{Arn, LogGroupArn, Snapshot, Trail};

/// The other accounts that the organization trails of this one lead into. Only trails that the account itself shows count:
/// what another account calls an organization's trail may be another organization's.
pub fn leads_into(snapshot: &Snapshot) -> BTreeSet<&str> {
    let own = snapshot.account_id.as_str();
    let trails = snapshot.trails.iter().flatten();
    trails
        .flat_map(accounts_of)
        .filter(|account| *account != own)
        .collect()
}

/// Whether members may inherit from this account: an organization's trail is here, or its log group.
pub fn is_inherited_from(snapshot: &Snapshot) -> bool {
    let own = snapshot.account_id.as_str();
    let mut trails = snapshot.trails.iter().flatten();
    trails.any(|trail| accounts_of(trail).any(|account| account == own))
}

/// Shows an account those of the others that its organization trails lead into, so that it is judged by the whole chain. One
/// that could not be looked at is not shown: nothing seen there is not the same as nothing there.
pub fn inherit<'a>(snapshot: &mut Snapshot, others: impl IntoIterator<Item = &'a Snapshot>) {
    let needed: BTreeSet<String> = leads_into(snapshot)
        .into_iter()
        .map(str::to_owned)
        .collect();
    let known = |account: &str, shown: &[Snapshot]| {
        shown
            .iter()
            .any(|other| other.account_id.as_str() == account)
    };
    for other in others {
        let account = other.account_id.as_str();
        let was_seen = other.trails.is_some();
        if was_seen && needed.contains(account) && !known(account, &snapshot.other_accounts) {
            snapshot.other_accounts.push(Snapshot {
                other_accounts: Vec::new(),
                ..other.clone()
            });
        }
    }
}

/// Who owns an organization's trail, and who its log group; nobody for any other trail.
fn accounts_of(trail: &Trail) -> impl Iterator<Item = &str> {
    let owner = Arn::parse(&trail.trail_arn).map(|arn| arn.account);
    let group = trail.cloud_watch_logs_log_group_arn.as_deref();
    let group = group
        .and_then(LogGroupArn::parse)
        .map(|group| group.account);
    let both = [owner, group].into_iter().flatten();
    both.filter(|_| trail.is_organization_trail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::{Expectations, Link, Verdict, assess};
    use crate::control::{Benchmark, Catalogue};
    use crate::heal::{HealPolicy, plan};
    use crate::snapshot::AccountId;

    const OWNER: &str = "999988887777";
    const MEMBER: &str = "111122223333";

    /// The account that owns the organization's trail, its chain whole.
    fn owner() -> Snapshot {
        let text = include_str!("../../tests/fixtures/compliant-snapshot.json");
        let mut owner = Snapshot::from_json(&text.replace(MEMBER, OWNER)).unwrap();
        for trail in owner.trails.iter_mut().flatten() {
            trail.is_organization_trail = true;
        }
        owner
    }

    /// A member of it that has nothing of its own.
    fn member() -> Snapshot {
        let owner = owner();
        Snapshot {
            trails: owner.trails.clone(),
            trail_status: owner.trail_status.clone(),
            event_selectors: owner.event_selectors.clone(),
            metric_filters: Some(Vec::new()),
            alarms: Some(Vec::new()),
            topics: Some(Vec::new()),
            subscriptions: Some(Vec::new()),
            enabled_regions: owner.enabled_regions.clone(),
            api_errors: std::collections::BTreeMap::new(),
            ..Snapshot::unseen(MEMBER.parse().unwrap(), owner.now, "", "")
        }
    }

    fn verdict(snapshot: &Snapshot) -> (Verdict, Option<Link>) {
        let catalogue = Catalogue::builtin();
        let control = catalogue.find("4.5", &Benchmark::Any).unwrap();
        let assessment = assess(snapshot, control, &Expectations::default(), &Benchmark::Any);
        (assessment.verdict, assessment.broken_link)
    }

    #[test]
    fn a_member_is_judged_by_its_owners_chain_once_that_is_shown() {
        let mut member = member();
        assert_eq!(
            verdict(&member),
            (Verdict::Unknown, Some(Link::CrossAccount))
        );
        assert_eq!(leads_into(&member), BTreeSet::from([OWNER]));
        inherit(&mut member, [&owner()]);
        assert_eq!(verdict(&member), (Verdict::Pass, None));
    }

    #[test]
    fn what_is_cut_at_the_owner_is_cut_for_the_member_and_not_the_members_to_mend() {
        let mut owner = owner();
        owner.metric_filters = Some(Vec::new());
        let mut member = member();
        inherit(&mut member, [&owner]);
        assert_eq!(verdict(&member), (Verdict::Fail, Some(Link::Pattern)));
        let catalogue = Catalogue::builtin();
        let control = catalogue.find("4.5", &Benchmark::Any).unwrap();
        let assessment = assess(&member, control, &Expectations::default(), &Benchmark::Any);
        let plan = plan(&member, &assessment, control, None, &HealPolicy::default());
        assert_eq!(plan.repairs().count(), 0, "{plan:?}");
    }

    #[test]
    fn an_owner_that_could_not_be_looked_at_leaves_it_open() {
        let owner = owner();
        let blind = Snapshot::unseen(
            owner.account_id,
            owner.now,
            "sts:AssumeRole r",
            "AccessDenied",
        );
        let mut member = member();
        inherit(&mut member, [&blind]);
        assert_eq!(member.other_accounts, []);
        assert_eq!(
            verdict(&member),
            (Verdict::Unknown, Some(Link::CrossAccount))
        );
    }

    #[test]
    fn another_organizations_trail_is_nobodys_inheritance() {
        let stranger: AccountId = "444455556666".parse().unwrap();
        let mut lonely = Snapshot {
            trails: Some(Vec::new()),
            account_id: stranger,
            ..member()
        };
        inherit(&mut lonely, [&owner()]);
        assert_eq!(lonely.other_accounts, []);
        assert!(is_inherited_from(&owner()));
        assert!(!is_inherited_from(&member()), "it only sees the trail");
    }

    #[test]
    fn a_trail_of_ones_own_leads_nowhere_else() {
        let text = include_str!("../../tests/fixtures/compliant-snapshot.json");
        let own = Snapshot::from_json(text).unwrap();
        assert_eq!(leads_into(&own), BTreeSet::new());
        assert!(!is_inherited_from(&own));
    }

    #[test]
    fn an_account_is_shown_once_and_without_what_it_inherits_itself() {
        let mut owner = owner();
        owner.other_accounts = vec![member()];
        let mut member = member();
        inherit(&mut member, [&owner, &owner]);
        inherit(&mut member, [&owner]);
        owner.other_accounts.clear();
        assert_eq!(member.other_accounts, [owner]);
    }
}
