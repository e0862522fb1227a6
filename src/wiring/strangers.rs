//! Those whom a policy must not let in: some of whom it does not speak, and all of whom it does.
//!
//! Whoever opens the feed has to name somebody, or everybody. So a policy is asked about each user, role, account, organization,
//! service and source that it names anywhere, in what it allows or as an exception of what it denies, and about some that it does
//! not name.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::callers::{Circumstances, Who, account_of};
use super::documents::EVENTS;
use crate::policy::{Access, Key, Statement, like, strings};

/// More are not asked about.
const MOST: usize = 4000;
/// Accounts, for one that a policy does not name; the first is nobody's.
const ACCOUNTS: [&str; 4] = [
    "000000000000",
    "314159265358",
    "271828182845",
    "999999999999",
];
/// Names, for somebody whom a policy does not name.
const NAMES: [&str; 4] = ["anybody", "of-somebody-else", "x", "0"];
/// An organization that nobody has.
const ORGANIZATION: &str = "o-0000000000";

/// Where a policy holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Home<'a> {
    /// The partition.
    pub(super) partition: &'a str,
    /// The region.
    pub(super) region: &'a str,
    /// The account.
    pub(super) account: &'a str,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Stranger {
    /// Who it is.
    pub(super) who: Who,
    /// The policy speaks of it.
    is_named: bool,
}

/// Whom a policy is asked about.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    /// Each of them.
    pub(super) all: Vec<Stranger>,
    /// Who else may be meant, as the policy calls them.
    pub(super) unread: Option<String>,
    /// The circumstances that its statements ask for.
    favours: Vec<Circumstances>,
}

impl Strangers {
    /// Those of a policy.
    pub(super) fn of(policy: &[Statement], home: Home<'_>) -> Self {
        let named = Named::of(policy);
        let fresh = Fresh::of(&named, home);
        let mut found = Self {
            favours: favours(policy),
            ..Self::default()
        };
        let accounts = named.accounts();
        found.principals(&named, &accounts, &fresh, home);
        found.services(&named, &accounts, &fresh, home);
        for provider in &named.providers {
            found.add(Who::Federated(provider.clone()), true);
        }
        found
    }

    /// What a policy says to a request of one of them: yes, if it does in circumstances that it asks for itself.
    pub(super) fn access(&self, who: &Who, policy: &[Statement], request: (&str, &str)) -> Access {
        let plain = who.asks(policy, request, true, &Circumstances::new());
        let lets = |one: &Circumstances| who.asks(policy, request, true, one) == Access::Allowed;
        if plain == Access::Undecided && self.favours.iter().any(lets) {
            return Access::Allowed;
        }
        plain
    }

    fn principals(&mut self, named: &Named, accounts: &[String], fresh: &Fresh, home: Home<'_>) {
        let user = format!("user/{}", fresh.name);
        let of = |account: &str| format!("arn:{}:iam::{account}:{user}", home.partition);
        let example = ["arn", home.partition, "iam", "", fresh.account, &user];
        let mut arns = vec![(of(fresh.account), false), (of(home.account), false)];
        let examples = self.examples(&named.principals, example, fresh.name);
        arns.extend(examples.into_iter().map(|arn| (arn, true)));
        arns.extend(accounts.iter().map(|account| (of(account), true)));
        let unnamed = [Key::Absent, Key::one(ORGANIZATION)];
        let mut organizations = unnamed.map(|key| (key, false)).to_vec();
        let texts = named.organizations.iter();
        organizations.extend(texts.map(|text| (Key::one(&filled(text, "0")), true)));
        // Which organization the own account is of is not known.
        let own = [(Key::Unknown, false)];
        for (arn, is_named) in arns {
            let possible = if account_of(&arn) == home.account {
                own.as_slice()
            } else {
                &organizations
            };
            for (organization, is_by_it) in possible {
                let who = Who::Principal {
                    arn: arn.clone(),
                    organization: organization.clone(),
                };
                self.add(who, is_named || *is_by_it);
            }
        }
    }

    fn services(&mut self, named: &Named, accounts: &[String], fresh: &Fresh, home: Home<'_>) {
        let Home {
            partition, region, ..
        } = home;
        let rule = format!("rule/{}", fresh.name);
        let of = |account: &str| format!("arn:{partition}:events:{region}:{account}:{rule}");
        let example = ["arn", partition, "events", region, fresh.account, &rule];
        let mut sources = vec![(of(home.account), false), (of(fresh.account), false)];
        let examples = self.examples(&named.sources, example, fresh.name);
        sources.extend(examples.into_iter().map(|arn| (arn, true)));
        sources.extend(accounts.iter().map(|account| (of(account), true)));
        let others = named.services.iter().map(|name| (name.as_str(), true));
        for (service, is_other) in [(EVENTS, false)].into_iter().chain(others) {
            for (source, is_named) in &sources {
                let is_named = is_other || *is_named;
                match account_of(source) {
                    // The ARNs of buckets name no account.
                    "" => {
                        for account in accounts.iter().map(String::as_str).chain([fresh.account]) {
                            self.add(Who::service(service, account, Some(source)), is_named);
                        }
                    }
                    account => self.add(Who::service(service, account, Some(source)), is_named),
                }
            }
        }
    }

    fn add(&mut self, who: Who, is_named: bool) {
        if self.all.len() < MOST {
            self.all.push(Stranger { who, is_named });
        } else {
            self.unread = Some(format!("more than {MOST}"));
        }
    }

    /// An ARN for each pattern that it matches.
    fn examples(
        &mut self,
        patterns: &BTreeSet<String>,
        example: [&str; 6],
        name: &str,
    ) -> Vec<String> {
        let mut found = Vec::new();
        for pattern in patterns {
            match arn_of(pattern, example, name) {
                Some(arn) => found.push(arn),
                // Without a wildcard it is the ARN of nobody.
                None if pattern.contains('*') => self.unread = Some(pattern.clone()),
                None => {}
            }
        }
        found
    }
}

/// For people, behind a sentence that tells of all of them: nothing, if the policy does not speak of it.
impl fmt::Display for Stranger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_named {
            return Ok(());
        }
        match &self.who {
            Who::Service {
                name,
                source: Some(source),
                ..
            } if name == EVENTS => write!(formatter, ", such as {source}"),
            Who::Service { name, .. } => write!(formatter, ", such as {name}"),
            Who::Principal { arn, organization } => {
                write!(formatter, ", such as {arn}")?;
                match organization {
                    Key::Is(ids) => write!(formatter, " of organization {}", ids.join(", ")),
                    Key::At(_) | Key::Absent | Key::Unknown => Ok(()),
                }
            }
            Who::Federated(provider) => write!(formatter, ", such as users of {provider}"),
        }
    }
}

/// Whom a policy names, as it does: wildcards may be among them.
#[derive(Default)]
struct Named {
    principals: BTreeSet<String>,
    accounts: BTreeSet<String>,
    organizations: BTreeSet<String>,
    sources: BTreeSet<String>,
    services: BTreeSet<String>,
    providers: BTreeSet<String>,
}

impl Named {
    fn of(statements: &[Statement]) -> Self {
        let mut named = Self::default();
        for statement in statements {
            for element in ["Principal", "NotPrincipal"] {
                let kinds = statement.get(element).and_then(Value::as_object);
                for (kind, names) in kinds.into_iter().flatten() {
                    for name in strings(names) {
                        match kind.as_str() {
                            // Everybody is no name, and an id without an ARN is that of somebody who was deleted.
                            "AWS" if name.starts_with("arn:") => named.principals.insert(name),
                            "AWS" if is_account(&name) => named.accounts.insert(name),
                            "Service" if name != "*" => named.services.insert(name),
                            "Federated" => named.providers.insert(name),
                            _ => false,
                        };
                    }
                }
            }
            for (_, key, values) in conditions(statement) {
                let set = match key.as_str() {
                    "aws:principalarn" => &mut named.principals,
                    "aws:principalaccount" | "aws:sourceaccount" => &mut named.accounts,
                    "aws:principalorgid" => &mut named.organizations,
                    "aws:sourcearn" => &mut named.sources,
                    "aws:principalservicename" | "aws:principalservicenameslist" => {
                        &mut named.services
                    }
                    _ => continue,
                };
                // The value of a policy variable is known only at the time.
                set.extend(values.into_iter().filter(|text| !text.contains("${")));
            }
        }
        named.services = named
            .services
            .iter()
            .map(|text| filled(text, "x"))
            .collect();
        named
    }

    /// The accounts, by number or within an ARN.
    fn accounts(&self) -> Vec<String> {
        let arns = self.principals.iter().chain(&self.sources);
        let within = arns.map(|arn| account_of(arn));
        let texts = self.accounts.iter().map(String::as_str).chain(within);
        let accounts: BTreeSet<String> = texts.map(account_like).collect();
        accounts
            .into_iter()
            .filter(|text| is_account(text))
            .collect()
    }
}

/// Somebody of whom as few texts of a policy speak as possible.
struct Fresh {
    account: &'static str,
    name: &'static str,
}

impl Fresh {
    fn of(named: &Named, home: Home<'_>) -> Self {
        let texts = || {
            let arns = named.principals.iter().chain(&named.sources);
            arns.chain(&named.accounts)
        };
        let Home {
            partition, region, ..
        } = home;
        let spoken_of = |account: &str, name: &str| {
            let forms = [
                account.to_owned(),
                format!("arn:{partition}:iam::{account}:user/{name}"),
                format!("arn:{partition}:events:{region}:{account}:rule/{name}"),
            ];
            let meant = texts().filter(|text| forms.iter().any(|form| like(text, form)));
            meant.count()
        };
        let candidates = NAMES.into_iter();
        let name = candidates.min_by_key(|name| spoken_of(home.account, name));
        let name = name.unwrap_or_default();
        let accounts = ACCOUNTS.into_iter().filter(|one| *one != home.account);
        let account = accounts.min_by_key(|account| spoken_of(account, name));
        Self {
            account: account.unwrap_or_default(),
            name,
        }
    }
}

/// What each statement asks of keys, so that it lets somebody in, or does not keep them away: its own wishes before those of others.
fn favours(statements: &[Statement]) -> Vec<Circumstances> {
    let wishes: Vec<Circumstances> = statements.iter().map(wishes).collect();
    let mut of_all = Circumstances::new();
    for (key, wish) in wishes.iter().flatten() {
        if !matches!(of_all.get(key), Some(Key::Is(_))) {
            of_all.insert(key.clone(), wish.clone());
        }
    }
    let merged = wishes.into_iter().map(|own| {
        let mut all = of_all.clone();
        all.extend(own);
        all
    });
    merged.collect()
}

fn wishes(statement: &Statement) -> Circumstances {
    let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
    let mut wishes = Circumstances::new();
    for (operator, key, values) in conditions(statement) {
        // An account's place in an organization is not for it to choose.
        if key == "aws:principalorgpaths" {
            continue;
        }
        let is_null = operator.starts_with("Null");
        let text = values.first().map_or("x", String::as_str);
        let asks_for_value = if is_null {
            !text.eq_ignore_ascii_case("true")
        } else {
            !operator.contains("Not")
        };
        let wish = if asks_for_value == allows {
            Key::one(&if is_null {
                "x".to_owned()
            } else {
                filled(text, "x")
            })
        } else {
            Key::Absent
        };
        wishes.insert(key, wish);
    }
    wishes
}

/// Operator, key in lower case, and values of each condition.
fn conditions(statement: &Statement) -> impl Iterator<Item = (&str, String, Vec<String>)> {
    let operators = statement.get("Condition").and_then(Value::as_object);
    operators
        .into_iter()
        .flatten()
        .flat_map(|(operator, keys)| {
            let keys = keys.as_object().into_iter().flatten();
            keys.map(|(key, values)| (operator.as_str(), key.to_ascii_lowercase(), strings(values)))
        })
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text that a pattern matches.
fn filled(pattern: &str, any: &str) -> String {
    pattern.replace('*', any).replace('?', "0")
}

/// An account that a pattern matches, if any does.
fn account_like(pattern: &str) -> String {
    let digits = pattern.chars().filter(|one| *one != '*').count();
    let stars = "0".repeat(12_usize.saturating_sub(digits));
    filled(&pattern.replacen('*', &stars, 1), "")
}

/// An ARN that a pattern matches. Where a `*` stands for several parts of it, they are those of the example.
fn arn_of(pattern: &str, example: [&str; 6], name: &str) -> Option<String> {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    // The first of them from the left, the others from the right.
    let ways = (0..=parts.len()).rev().map(|left| {
        let right = parts.len() - left;
        let part = |(at, of_example): (usize, &&str)| {
            let from_right = (at + right).checked_sub(6).map(|more| left + more);
            let own = if at < left {
                parts.get(at)
            } else {
                from_right.and_then(|own| parts.get(own))
            };
            match (own.copied(), at) {
                (None | Some("*"), _) => (*of_example).to_owned(),
                (Some(own), 4) => account_like(own),
                (Some(own), 5) => filled(own, name),
                (Some(own), _) => filled(own, ""),
            }
        };
        let arn: Vec<String> = example.iter().enumerate().map(part).collect();
        arn.join(":")
    });
    let mut matching = ways.filter(|arn| like(pattern, arn));
    matching.next()
}
