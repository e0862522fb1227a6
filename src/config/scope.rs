use crate::snapshot::AccountId;

use super::arn::RoleArn;
use super::values::{Region, SecretFile};

/// An account in its regions: the unit of evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The account.
    pub account: AccountId,
    /// The role to assume there; none: the own credentials are that account's.
    pub role_arn: Option<RoleArn>,
    /// The file that holds the external id which the role's trust policy asks for.
    pub external_id_file: Option<SecretFile>,
    /// The regions to look at; empty: all that the account has enabled.
    pub regions: Vec<Region>,
}
