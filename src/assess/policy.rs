//! Resource policies: may CloudWatch do this, on behalf of one alarm?

use jiff::Timestamp;

use crate::policy::{self, Caller, Key};
pub(super) use crate::policy::{Access, like};
use crate::snapshot::Arn;

/// A request that CloudWatch makes because an alarm acts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// Such as `sns:Publish`.
    pub(super) action: &'a str,
    /// ARN of the topic or key.
    pub(super) resource: &'a str,
    /// ARN of the alarm.
    pub(super) source_arn: &'a str,
    /// Account of the alarm.
    pub(super) source_account: &'a str,
    /// For keys: the topic that the message is for.
    pub(super) topic: Option<&'a str>,
    /// When it is made.
    pub(super) now: Timestamp,
}

const SERVICE: &str = "cloudwatch.amazonaws.com";

/// Evaluates the policy of a topic or key for CloudWatch.
pub(super) fn access(policy: &str, request: &Request<'_>) -> Access {
    let request = policy::Request {
        action: request.action,
        resource: request.resource,
        caller: Caller::Service {
            name: SERVICE,
            account: request.source_account,
        },
        keys: &|name| key(name, request),
    };
    policy::access(policy, &request)
}

fn key(name: &str, request: &Request<'_>) -> Key {
    match name {
        "aws:sourcearn" => Key::one(request.source_arn),
        "aws:sourceaccount" | "aws:sourceowner" => Key::one(request.source_account),
        "aws:resourceaccount" => of_resource(request, |arn| arn.account),
        "aws:requestedregion" => of_resource(request, |arn| arn.region),
        "aws:currenttime" | "aws:epochtime" => Key::At(request.now),
        "aws:securetransport" | "aws:principalisawsservice" => Key::one("true"),
        "aws:viaawsservice" => Key::one("false"),
        "aws:principalservicename" | "aws:principalservicenameslist" => Key::one(SERVICE),
        "kms:encryptioncontext:aws:sns:topicarn" => request.topic.map_or(Key::Absent, Key::one),
        // A service principal has no account, organization or identity, and publishing has no endpoint.
        "aws:principalarn"
        | "aws:principalaccount"
        | "aws:principalorgid"
        | "aws:principalorgpaths"
        | "aws:userid"
        | "aws:username"
        | "sns:endpoint"
        | "sns:protocol"
        | "aws:sourcevpc"
        | "aws:sourcevpce"
        | "aws:multifactorauthpresent" => Key::Absent,
        _ => Key::Unknown,
    }
}

/// A part of the resource's ARN; the alarm asks in the region in which that is.
fn of_resource(request: &Request<'_>, part: fn(Arn<'_>) -> &str) -> Key {
    let arn = Arn::parse(request.resource).map(part);
    arn.filter(|text| !text.is_empty())
        .map_or(Key::Unknown, Key::one)
}

#[cfg(test)]
mod tests;
