//! Which calls IAM would allow, without making them.

use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::account::Account;
use super::arn;
use super::error::{CallError, Class, ObserveError};
use super::sdk_error::Call;

/// A call that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The IAM action, such as `logs:PutMetricFilter`.
    pub action: String,
    /// ARN of what it would be about, or `*`.
    pub resource: String,
    /// Condition keys with the values that the call would have.
    pub context: Vec<(&'static str, String)>,
}

/// What IAM says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simulated {
    /// The principal's policies allow it.
    Allowed,
    /// They do not.
    Denied,
    /// They do not under the conditions that could be told, and ask for others.
    Undecided,
}

/// Why IAM could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSimulated {
    /// The root of an account has no policies that could be asked.
    #[error("the credentials are the root's of the account, which no policy bounds")]
    Root,
    /// IAM simulates users and roles only.
    #[error("{0:?} is neither a user nor a role")]
    Principal(String),
    /// The call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The principal could not be learnt.
    #[error(transparent)]
    Identity(#[from] ObserveError),
}

impl NotSimulated {
    /// Whether a permission to ask is missing.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Call(error) if error.class == Class::Denied)
    }
}

/// Asks IAM (iam:SimulatePrincipalPolicy) for the principal behind an account's credentials. Resource policies, service
/// control policies of other accounts and session policies are not part of the answer.
pub trait PermissionApi: Send + Sync {
    /// The answer to each question, in their order.
    ///
    /// # Errors
    /// IAM cannot be asked, or not about this principal.
    fn simulate<'a>(
        &'a self,
        asked: &'a [Asked],
    ) -> BoxFuture<'a, Result<Vec<Simulated>, NotSimulated>>;
}

impl PermissionApi for Account {
    fn simulate<'a>(
        &'a self,
        asked: &'a [Asked],
    ) -> BoxFuture<'a, Result<Vec<Simulated>, NotSimulated>> {
        async move {
            let principal = self.clients().identity().await?.principal.clone();
            let principal = principal.unwrap_or_default();
            let mut source = source_of(&principal)?;
            let mut answers = Vec::with_capacity(asked.len());
            for one in asked {
                let answer = match self.simulate_one(&source.arn, one).await {
                    // The name of a session leaves out the path of its role.
                    Err(error) if error.class == Class::Gone && source.role.is_some() => {
                        source = self.with_path(source).await?;
                        self.simulate_one(&source.arn, one).await
                    }
                    answer => answer,
                };
                answers.push(answer?);
            }
            Ok(answers)
        }
        .boxed()
    }
}

impl Account {
    fn iam(&self) -> aws_sdk_iam::Client {
        let clients = self.clients();
        clients.region(clients.home()).iam().clone()
    }

    async fn simulate_one(&self, source: &str, asked: &Asked) -> Result<Simulated, CallError> {
        let call = Call {
            service: "iam",
            operation: "SimulatePrincipalPolicy",
            scope: source,
        };
        let mut request = self
            .iam()
            .simulate_principal_policy()
            .policy_source_arn(source)
            .action_names(&asked.action)
            .resource_arns(&asked.resource);
        for (key, value) in &asked.context {
            request = request.context_entries(
                ContextEntry::builder()
                    .context_key_name(*key)
                    .context_key_values(value)
                    .context_key_type(ContextKeyTypeEnum::String)
                    .build(),
            );
        }
        let answer = self.clients().send(call, Box::pin(request.send())).await?;
        // One action and one resource: one result.
        let result = answer.evaluation_results().first();
        result.map(read).ok_or_else(|| {
            call.error(
                "NoAnswer",
                Class::Transient,
                "the answer has no result for this call",
            )
        })
    }

    async fn with_path(&self, source: Source) -> Result<Source, NotSimulated> {
        let name = source.role.unwrap_or_default();
        let call = Call {
            service: "iam",
            operation: "GetRole",
            scope: &name,
        };
        let request = self.iam().get_role().role_name(&name).send();
        let answer = self.clients().send(call, Box::pin(request)).await?;
        let arn = answer.role.map(|role| role.arn).unwrap_or_default();
        Ok(Source { arn, role: None })
    }
}

fn read(result: &EvaluationResult) -> Simulated {
    match result.eval_decision() {
        PolicyEvaluationDecisionType::Allowed => Simulated::Allowed,
        PolicyEvaluationDecisionType::ImplicitDeny
            if !result.missing_context_values().is_empty() =>
        {
            Simulated::Undecided
        }
        _ => Simulated::Denied,
    }
}

/// Whose policies are asked.
#[derive(Debug, PartialEq, Eq)]
struct Source {
    arn: String,
    /// Name of the role, where only its session is known and the role may have a path.
    role: Option<String>,
}

fn source_of(principal: &str) -> Result<Source, NotSimulated> {
    let other = || NotSimulated::Principal(principal.to_owned());
    let arn = arn::parse(principal).ok_or_else(other)?;
    let source = |arn: String, role| Ok(Source { arn, role });
    match (arn.service, arn.resource.split_once('/')) {
        ("iam", None) if arn.resource == "root" => Err(NotSimulated::Root),
        ("iam", Some(("user" | "role", _))) => source(principal.to_owned(), None),
        ("sts", Some(("assumed-role", session))) => {
            let role = session.split('/').next().unwrap_or_default().to_owned();
            let arn = format!("arn:{}:iam::{}:role/{role}", arn.partition, arn.account);
            source(arn, Some(role))
        }
        _ => Err(other()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_roles_can_be_asked_about_and_nobody_else() {
        for (principal, expected) in [
            (
                "arn:aws:iam::111122223333:user/ops/jo",
                Ok(("arn:aws:iam::111122223333:user/ops/jo", None)),
            ),
            (
                "arn:aws-cn:sts::111122223333:assumed-role/warden/i-1",
                Ok(("arn:aws-cn:iam::111122223333:role/warden", Some("warden"))),
            ),
            ("arn:aws:iam::111122223333:root", Err(NotSimulated::Root)),
            (
                "arn:aws:sts::111122223333:federated-user/jo",
                Err(NotSimulated::Principal(
                    "arn:aws:sts::111122223333:federated-user/jo".to_owned(),
                )),
            ),
            ("", Err(NotSimulated::Principal(String::new()))),
        ] {
            let expected = expected.map(|(arn, role): (&str, Option<&str>)| Source {
                arn: arn.to_owned(),
                role: role.map(str::to_owned),
            });
            assert_eq!(source_of(principal), expected, "{principal}");
        }
    }
}
