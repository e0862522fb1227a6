//! Into an account by a role (sts:AssumeRole). The SDK's own provider would do, but tells nobody of its requests.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};

use super::clients::Role;

/// Credentials of a role, assumed with other credentials; cached by whoever asks.
#[derive(Debug)]
pub(super) struct AssumedRole {
    /// With the credentials that assume it. A client is made when it is asked for, once an hour: one for each of a thousand
    /// accounts would lie idle.
    pub(super) config: aws_sdk_sts::config::Builder,
    pub(super) role: Role,
    /// What `CloudTrail` shows beside the role's name.
    pub(super) session_name: String,
}

impl AssumedRole {
    async fn assume(&self) -> Result<Credentials, CredentialsError> {
        let request = aws_sdk_sts::Client::from_conf(self.config.clone().build())
            .assume_role()
            .role_arn(&self.role.arn)
            .role_session_name(&self.session_name)
            .set_external_id(self.role.external_id.clone());
        let answer = Box::pin(request.send())
            .await
            .map_err(CredentialsError::provider_error)?;
        let keys = answer
            .credentials
            .ok_or_else(|| CredentialsError::unhandled("STS answered without credentials"))?;
        let expiry = SystemTime::try_from(keys.expiration).map_err(CredentialsError::unhandled)?;
        Ok(Credentials::new(
            keys.access_key_id,
            keys.secret_access_key,
            Some(keys.session_token),
            Some(expiry),
            "AssumeRole",
        ))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}
