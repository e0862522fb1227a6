use super::look::{Look, NoneIf, Seen};
use crate::aws::arn::Arn;
use crate::aws::sdk_error::Call;
use crate::snapshot::KmsKey;

/// What GetKeyPolicy knows a key's only policy by.
const POLICY_NAME: &str = "default";

/// Looks at the key that a topic names by id, alias or ARN. A key that does not exist is none, and no hole.
///
/// The policy is asked for after the description: GetKeyPolicy takes no alias.
pub(super) async fn see(look: &Look<'_>, region: &str, named: &str) -> Option<KmsKey> {
    let region = Arn::parse(named)
        .map(|arn| arn.region)
        .filter(|region| !region.is_empty())
        .unwrap_or(region);
    let scope = if named.starts_with("arn:") {
        named
    } else {
        region
    };
    let call = |operation| Call {
        service: "kms",
        operation,
        scope,
    };
    let clients = look.region(region);
    let describe = clients.kms().describe_key().key_id(named).send();
    let Seen::Some(answer) = look.ask(call("DescribeKey"), NoneIf::Gone, describe).await else {
        return None;
    };
    let key = answer.key_metadata?;
    let arn = key.arn.unwrap_or_else(|| named.to_owned());
    let policy = clients
        .kms()
        .get_key_policy()
        .key_id(&arn)
        .policy_name(POLICY_NAME)
        .send();
    let policy = match look.ask(call("GetKeyPolicy"), NoneIf::Gone, policy).await {
        Seen::Some(answer) => answer.policy,
        Seen::Nothing | Seen::Hole => None,
    };
    Some(KmsKey {
        aliases: if named == arn {
            Vec::new()
        } else {
            vec![named.to_owned()]
        },
        arn,
        key_state: key.key_state.map(|state| state.as_str().to_owned()),
        policy,
    })
}
