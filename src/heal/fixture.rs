//! An account whose chain is whole, with resources beside it that have nothing to do with it.

use crate::snapshot::Snapshot;

pub(crate) const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:cis-alarms";
pub(crate) const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:security";
pub(crate) const REGION: &str = "us-east-1";

pub(crate) fn whole() -> Snapshot {
    Snapshot::from_json(include_str!("../../tests/fixtures/heal-whole-chain.json")).unwrap()
}
