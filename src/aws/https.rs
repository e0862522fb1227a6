//! The one HTTPS client of the process: what it trusts, and how it makes connections.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::clients::SetupError;

/// Whether there are root certificates, found as the SDK's client finds them (`SSL_CERT_FILE`, `SSL_CERT_DIR`, the usual
/// places of the system).
pub(super) fn root_certificates() -> Result<(), SetupError> {
    let found = rustls_native_certs::load_native_certs();
    if !found.certs.is_empty() {
        return Ok(());
    }
    let why = found.errors.first();
    Err(SetupError::NoCertificates(
        why.map_or_else(String::new, |error| format!(" ({error})")),
    ))
}

/// A client that trusts the host's root certificates, or nobody.
pub(super) fn https_client(roots: &Result<(), SetupError>) -> SharedHttpClient {
    let has_roots = roots.is_ok();
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        connector(
            has_roots,
            settings.cloned(),
            components.and_then(RuntimeComponents::sleep_impl),
        )
    });
    SharedHttpClient::new(OnDemand(client))
}

/// The SDK's client would build a connector whenever a client of a service is made, all root certificates read, and throw it
/// away: of what a look at one of many accounts costs, that was an eighth. This one builds it when it is first used.
#[derive(Debug)]
struct OnDemand(SharedHttpClient);

impl HttpClient for OnDemand {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// What makes connections: the one TLS of this process, through the proxy that the environment names. Without root
/// certificates it trusts nobody: told to use certificates that are not there, it panics.
pub(super) fn connector(
    has_roots: bool,
    settings: Option<HttpConnectorSettings>,
    sleep: Option<aws_sdk_cloudtrail::config::SharedAsyncSleep>,
) -> Connector {
    let mut context = TlsContext::builder();
    if !has_roots {
        context = context.with_trust_store(TrustStore::empty());
    }
    let mut connector = ConnectorBuilder::default()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context.build().unwrap_or_default())
        .proxy_config(ProxyConfig::from_env());
    connector.set_connector_settings(settings);
    connector.set_sleep_impl(sleep);
    connector.build()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_config::{BehaviorVersion, Region, SdkConfig};

    use super::*;

    #[test]
    fn a_client_of_a_service_is_made_without_a_connector() {
        let built = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&built);
        let counting = Builder::new().build_with_connector_fn(move |settings, _| {
            count.fetch_add(1, Ordering::Relaxed);
            connector(false, settings.cloned(), None)
        });
        let config = |client: SharedHttpClient| {
            SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("us-east-1"))
                .http_client(client)
                .build()
        };
        let _ =
            aws_sdk_sts::Client::new(&config(SharedHttpClient::new(OnDemand(counting.clone()))));
        assert_eq!(built.load(Ordering::Relaxed), 0);
        let _ = aws_sdk_sts::Client::new(&config(counting));
        assert_eq!(
            built.load(Ordering::Relaxed),
            1,
            "what it spares is there to be spared"
        );
    }
}
