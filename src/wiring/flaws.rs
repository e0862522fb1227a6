//! What a policy that is there has to answer: whom it lets in, and that it lets in nobody else.

use super::callers::{Circumstances, Who, identity};
use super::documents::{CONSUMING, EVENTS};
use super::ground::Ground;
use super::strangers::{Home, Stranger, Strangers};
use crate::escape::fit;
use crate::policy::{Access, Caller, Key, Request, Statement, identity_access, statements};
use crate::snapshot::AccountId;

/// Ways to become a role.
const ASSUMING: [&str; 3] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
];
/// Most characters that are told of somebody.
const TOLD: usize = 200;

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It certainly is.
    Wrong(String),
    /// It may be: it hinges on what is not known.
    Undecided(String),
}

/// The flaws of the policy of the feed's queue.
pub(super) fn flaws_of_queue(ground: &Ground, rules: &[String], policy: &str) -> Vec<Flaw> {
    let queue = ground.queue_arn(&ground.queue);
    let (account, consumer) = (ground.feed.account.as_str(), &ground.consumer_role_arn);
    let Some(mut flaws) = Flaws::of(policy, home(ground, &ground.feed.account)) else {
        return unreadable();
    };
    for rule in rules {
        let who = Who::service(EVENTS, account, Some(rule));
        let answer = flaws.ask(&who, ("sqs:SendMessage", &queue));
        flaws.allowed(answer, || format!("it does not let {rule} send"));
    }
    let is_rule = |who: &Who| match who {
        Who::Service { name, source, .. } => {
            name == EVENTS && source.as_ref().is_some_and(|one| rules.contains(one))
        }
        Who::Principal { .. } | Who::Federated(_) => false,
    };
    let is_service = |who: &Who| matches!(who, Who::Service { .. });
    let send = ("sqs:SendMessage", queue.as_str());
    flaws.refused(
        send,
        |who| is_service(who) && !is_rule(who),
        "it lets rules send that are not of the feed",
    );
    flaws.all_denied(
        send,
        |who| !is_service(who),
        "it does not deny sqs:SendMessage to all but the rules",
    );
    for action in CONSUMING {
        let consume = (action, queue.as_str());
        let is_consumer = |who: &Who| match (who, consumer) {
            (Who::Principal { arn, .. }, Some(consumer)) => is_identity(arn, consumer),
            _ => false,
        };
        flaws.refused(
            consume,
            |who| who.account() != account && !is_consumer(who),
            &format!("it allows {action} to other accounts"),
        );
        if let Some(consumer) = consumer {
            flaws.all_denied(
                consume,
                |who| !is_service(who) && who.account() == account && !is_consumer(who),
                &format!("it does not deny {action} to all but {consumer}"),
            );
            let answer = flaws.ask(&Who::principal(consumer), consume);
            flaws.not_denied(answer, || format!("it denies {action} to {consumer}"));
        }
    }
    flaws.encrypted(&queue, ground);
    flaws.found
}

/// The flaws of the policy of the dead-letter queue.
pub(super) fn flaws_of_dead_letters(ground: &Ground, policy: &str) -> Vec<Flaw> {
    let queue = ground.queue_arn(&ground.dead_letters());
    let account = ground.feed.account.as_str();
    let Some(mut flaws) = Flaws::of(policy, home(ground, &ground.feed.account)) else {
        return unreadable();
    };
    flaws.encrypted(&queue, ground);
    for action in CONSUMING.into_iter().chain(["sqs:SendMessage"]) {
        flaws.refused(
            (action, &queue),
            |who| who.account() != account,
            &format!("it allows {action} to other accounts"),
        );
    }
    flaws.found
}

/// The flaws of the policy of the central bus; an empty one is none.
pub(super) fn flaws_of_bus(ground: &Ground, policy: Option<&str>) -> Vec<Flaw> {
    let bus = ground.bus_arn();
    // Without statements nothing is allowed.
    let policy = policy.unwrap_or(r#"{"Statement":[]}"#);
    let Some(mut flaws) = Flaws::of(policy, home(ground, &ground.feed.account)) else {
        return unreadable();
    };
    let organization = ground.organization_id.as_deref();
    let put = ("events:PutEvents", bus.as_str());
    for member in &ground.members {
        let sender = Who::Principal {
            arn: ground.role_arn(member),
            organization: organization.map_or(Key::Absent, Key::one),
        };
        let answer = flaws.ask(&sender, put);
        flaws.allowed(answer, || format!("it does not let account {member} send"));
    }
    let is_ours = |who: &Who| {
        let account = who.account();
        let is_known = account == ground.feed.account.as_str()
            || ground.members.iter().any(|one| one.as_str() == account);
        let is_of_organization = match who {
            Who::Principal {
                organization: Key::Is(ids),
                ..
            } => organization.is_some_and(|wanted| ids.iter().any(|id| id == wanted)),
            _ => false,
        };
        is_known || is_of_organization
    };
    flaws.refused(put, |who| !is_ours(who), "it lets other accounts send");
    flaws.found
}

/// The flaws of the trust policy of the role of an account.
pub(super) fn flaws_of_trust(ground: &Ground, account: &AccountId, policy: &str) -> Vec<Flaw> {
    let Some(mut flaws) = Flaws::of(policy, home(ground, account)) else {
        return unreadable();
    };
    let rules = Who::service(EVENTS, account.as_str(), None);
    let answer = flaws.ask(&rules, ("sts:AssumeRole", "*"));
    flaws.allowed(answer, || {
        "it does not let EventBridge assume the role".to_owned()
    });
    let is_events = |who: &Who| matches!(who, Who::Service { name, .. } if name == EVENTS);
    for action in ASSUMING {
        flaws.refused(
            (action, "*"),
            |who| !is_events(who),
            "it lets others than EventBridge assume the role",
        );
    }
    flaws.refused(
        ("sts:AssumeRole", "*"),
        |who| is_events(who) && who.account() != account.as_str(),
        "it lets EventBridge assume the role for other accounts",
    );
    flaws.found
}

/// The flaws of what the role may do, over all of its inline policies.
pub(super) fn flaws_of_role(ground: &Ground, policies: &[&str]) -> Vec<Flaw> {
    let mut flaws = Flaws::default();
    let put = |action: &str, resource: &str| {
        let keys = |key: &str| match key {
            "aws:securetransport" => Key::one("true"),
            _ => Key::Unknown,
        };
        let request = Request {
            action,
            resource,
            caller: Caller::Principal(""),
            keys: &keys,
        };
        together(
            policies
                .iter()
                .map(|policy| identity_access(policy, &request)),
        )
    };
    flaws.allowed(put("events:PutEvents", &ground.bus_arn()), || {
        "it does not allow events:PutEvents on the central bus".to_owned()
    });
    let elsewhere = format!("{}-of-somebody-else", ground.bus_arn());
    flaws.note(REFUSED, put("events:PutEvents", &elsewhere), || {
        "it allows events:PutEvents on other buses".to_owned()
    });
    let more = [
        "iam:PassRole",
        "sts:AssumeRole",
        "sqs:SendMessage",
        "events:PutRule",
    ];
    if more
        .iter()
        .any(|action| put(action, "*") == Access::Allowed)
    {
        flaws.found.push(Flaw::Wrong(
            "it allows more than events:PutEvents".to_owned(),
        ));
    }
    flaws.found
}

/// Several policies of one identity: any deny wins, else any allow suffices.
fn together(answers: impl Iterator<Item = Access>) -> Access {
    let answers: Vec<Access> = answers.collect();
    let has = |one| answers.contains(&one);
    if has(Access::Denied) {
        Access::Denied
    } else if has(Access::Undecided) || has(Access::Unreadable) {
        Access::Undecided
    } else if has(Access::Allowed) {
        Access::Allowed
    } else {
        Access::NotAllowed
    }
}

fn unreadable() -> Vec<Flaw> {
    vec![Flaw::Undecided("it is a policy".to_owned())]
}

fn home<'a>(ground: &'a Ground, account: &'a AccountId) -> Home<'a> {
    Home {
        partition: ground.partition(),
        region: &ground.feed.region,
        account: account.as_str(),
    }
}

/// Whether an ARN is that of a role, or of one of its sessions, in which the role's path is missing.
fn is_identity(arn: &str, role: &str) -> bool {
    let identity = identity(arn);
    let without_path = |arn: &str| {
        let (begin, rest) = arn.split_once(":role/")?;
        let name = rest.rsplit('/').next()?;
        Some(format!("{begin}:role/{name}"))
    };
    arn == role || (identity != arn && without_path(role) == Some(identity))
}

/// Answers with which a request is refused.
const REFUSED: &[Access] = &[Access::NotAllowed, Access::Denied];

/// What is found of a policy.
#[derive(Default)]
struct Flaws {
    policy: Vec<Statement>,
    strangers: Strangers,
    found: Vec<Flaw>,
}

impl Flaws {
    /// Of this policy; none: it is no policy.
    fn of(policy: &str, home: Home<'_>) -> Option<Self> {
        let policy = statements(policy)?;
        let strangers = Strangers::of(&policy, home);
        let unread = strangers.unread.as_ref().map(|text| {
            let text = fit(text, TOLD);
            Flaw::Undecided(format!("it lets others in, whom it calls {text}"))
        });
        Some(Self {
            found: unread.into_iter().collect(),
            policy,
            strangers,
        })
    }

    fn ask(&self, who: &Who, request: (&str, &str)) -> Access {
        who.asks(&self.policy, request, true, &Circumstances::new())
    }

    fn note(&mut self, right: &[Access], answer: Access, what: impl FnOnce() -> String) {
        if right.contains(&answer) {
            return;
        }
        self.found.push(match answer {
            Access::Undecided | Access::Unreadable => Flaw::Undecided(what()),
            Access::Allowed | Access::NotAllowed | Access::Denied => Flaw::Wrong(what()),
        });
    }

    fn allowed(&mut self, answer: Access, what: impl FnOnce() -> String) {
        self.note(&[Access::Allowed], answer, what);
    }

    fn not_denied(&mut self, answer: Access, what: impl FnOnce() -> String) {
        self.note(&[Access::Allowed, Access::NotAllowed], answer, what);
    }

    /// Each of these strangers is refused, whether by a Deny or because nothing allows it.
    fn refused(&mut self, request: (&str, &str), of: impl Fn(&Who) -> bool, what: &str) {
        self.each(REFUSED, request, of, what);
    }

    /// Each of these strangers is refused by a Deny, whatever policies of their own allow.
    fn all_denied(&mut self, request: (&str, &str), of: impl Fn(&Who) -> bool, what: &str) {
        self.each(&[Access::Denied], request, of, what);
    }

    /// Notes the first for whom it certainly is not so, else the first for whom it may not be.
    fn each(
        &mut self,
        right: &[Access],
        request: (&str, &str),
        of: impl Fn(&Who) -> bool,
        what: &str,
    ) {
        let mut open: Option<(&Stranger, Access)> = None;
        for stranger in self.strangers.all.iter().filter(|one| of(&one.who)) {
            let answer = self.strangers.access(&stranger.who, &self.policy, request);
            if right.contains(&answer) {
                continue;
            }
            open = open.or(Some((stranger, answer)));
            if !matches!(answer, Access::Undecided | Access::Unreadable) {
                open = Some((stranger, answer));
                break;
            }
        }
        if let Some((stranger, answer)) = open {
            let what = format!("{what}{}", fit(&stranger.to_string(), TOLD));
            self.note(right, answer, || what);
        }
    }

    fn encrypted(&mut self, queue: &str, ground: &Ground) {
        let (partition, account) = (ground.partition(), &ground.feed.account);
        let anybody = Who::principal(&format!("arn:{partition}:iam::{account}:user/anybody"));
        let request = ("sqs:ReceiveMessage", queue);
        let answer = anybody.asks(&self.policy, request, false, &Circumstances::new());
        self.note(&[Access::Denied], answer, || {
            "it does not deny requests without TLS".to_owned()
        });
    }
}
