use figment::value::Value;

use crate::snapshot::AccountId;

use super::arn::RoleArn;
use super::setting::{Problem, Setting};
use super::table::Fields;
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

impl Setting for Scope {
    fn expected() -> String {
        "a table of account, role_arn, external_id_file, regions".to_owned()
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let known = ["account", "role_arn", "external_id_file", "regions"];
        let mut fields = Fields::open(value, &known)?;
        let account = fields.required("account");
        let role_arn = fields.optional("role_arn");
        let external_id_file = fields.optional("external_id_file");
        let regions = fields.optional("regions").unwrap_or_default();
        let scope = account.map(|account| Self {
            account,
            role_arn,
            external_id_file,
            regions,
        });
        let scope = fields.close(scope)?;
        let problems = scope.contradictions();
        if problems.is_empty() {
            Ok(scope)
        } else {
            Err(problems)
        }
    }
}

impl Scope {
    fn contradictions(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(role) = &self.role_arn
            && role.account() != &self.account
        {
            problems.push(Problem::here(format!(
                "the role lives in account {}, the scope is account {}: its reads would be of the wrong account",
                role.account(),
                self.account
            )));
        }
        if self.role_arn.is_none() && self.external_id_file.is_some() {
            problems.push(Problem::here(
                "`external_id_file` without `role_arn`: an external id is told when a role is assumed",
            ));
        }
        problems
    }
}
