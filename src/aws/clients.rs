use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_cloudtrail::config::retry::RetryPartition;
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::sdk_ua_metadata::FrameworkMetadata;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

use super::error::{CallError, ObserveError};
use super::https::{https_client, root_certificates};
use super::intercept::Observe;
use super::principals::{LastKey, Principals};
use super::renewal::Renewal;
use super::request::RequestObserver;
use super::role::AssumedRole;
use super::sdk_error::{ASSUME_ROLE_CODE, Call};
use crate::snapshot::AccountId;

/// A handshake across the world takes well under a second; a dead address is given up soon.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The slowest answers here (a page of alarms, an emulator that loads a service) take a few seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// Room for a second attempt after one that hung; the third is for failures that come quickly.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(25);

/// Three: a lost connection and a throttled second are got over, a fault at AWS is left to the next evaluation.
const ATTEMPTS: u32 = 3;

/// Retries come soon, since somebody may be cutting the chain right now; throttling backs off from here, with jitter.
const FIRST_BACKOFF: Duration = Duration::from_millis(200);

/// No retry waits longer: the operation timeout would end it anyway.
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// Calls of one account that are under way at the same time. AWS bounds most of the calls here to 5 to 30 a second in
/// each account and region, and the account's own people share that. How often an account is looked at is bounded by
/// `daemon/pace.rs`, and what is thrown at a throttled one by a retry budget of its own ([`retry_partition`]): together they
/// bound the rate, see docs/scale.md.
const CONCURRENT_CALLS: usize = 8;

/// Accounts up to which clients are kept between two looks.
const ACCOUNTS_WITH_CLIENTS: usize = 32;

/// How long the list of enabled regions is believed: enabling a region takes AWS minutes to hours.
const REGIONS_BELIEVED: Duration = Duration::from_mins(15);

/// The session name of an assumed role: what `CloudTrail` shows as the actor of a repair. One for each process: replicas are
/// told apart, and nobody takes the repairs of one for a theft of the other's credentials.
static SESSION_NAME: LazyLock<String> =
    LazyLock::new(|| format!("trailwarden-{:08x}", fastrand::u32(..)));

/// Why an account or a queue cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Neither the configuration nor the SDK's own chain names a region.
    #[error(
        "no region: set AWS_REGION, the region of the AWS profile, or the regions of the scope"
    )]
    NoRegion,
    /// A configured region does not look like one.
    #[error("{0:?} is no region")]
    BadRegion(String),
    /// The host has no root certificates.
    #[error(
        "no CA certificates are found on this host, so AWS cannot be told from anybody else{0}: install ca-certificates, \
         or name a bundle in SSL_CERT_FILE"
    )]
    NoCertificates(String),
}

/// The role that leads into an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// ARN of the role.
    pub arn: String,
    /// The external id that its trust policy asks for.
    pub external_id: Option<String>,
}

/// The SDK's configuration, loaded once: credentials, region, endpoint, one HTTPS client, and who is told of requests.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    observer: Arc<dyn RequestObserver>,
    /// How many accounts were set up.
    accounts: Arc<AtomicUsize>,
    renewal: Renewal,
}

impl Aws {
    /// Loads what the SDK's own chain finds (environment, profiles, SSO, container, instance): credentials, region, role,
    /// `AWS_ENDPOINT_URL` and its relatives. Makes no call of AWS; missing credentials show at the first call.
    ///
    /// # Errors
    /// [`SetupError::NoCertificates`] if the host has no root certificates and the endpoint is not one of plain HTTP.
    pub async fn load(observer: Arc<dyn RequestObserver>) -> Result<Self, SetupError> {
        let roots = root_certificates();
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(https_client(&roots))
            .timeout_config(timeouts());
        let config = loader.load().await;
        let is_plain = config
            .endpoint_url()
            .is_some_and(|url| url.starts_with("http://"));
        match roots {
            Err(missing) if !is_plain => Err(missing),
            _ => Ok(Self::with_config(config, observer)),
        }
    }

    /// Takes credentials, region, endpoint and HTTP client from a configuration that the caller loaded with `aws_config`;
    /// timeouts, retries and the name in the user agent are our own.
    pub fn with_config(config: SdkConfig, observer: Arc<dyn RequestObserver>) -> Self {
        let http_client = config
            .http_client()
            .unwrap_or_else(|| https_client(&root_certificates()));
        let renewal = Renewal::default();
        let mut builder = config
            .into_builder()
            .http_client(http_client)
            .identity_cache(renewal.clone())
            // It walks through the calendar in small steps: a clock that was set on by decades, as on a host that booted in
            // 1970, would hold up every task for minutes. Each attempt has a limit of its own that does not ask the calendar.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(timeouts())
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(ATTEMPTS)
                    .with_initial_backoff(FIRST_BACKOFF)
                    .with_max_backoff(LONGEST_BACKOFF),
            );
        if let Ok(name) = FrameworkMetadata::new("trailwarden", Some(env!("CARGO_PKG_VERSION"))) {
            builder = builder.framework_metadata(name);
        }
        Self {
            config: builder.build(),
            observer,
            accounts: Arc::default(),
            renewal,
        }
    }

    /// The region of the SDK's own chain.
    pub fn region(&self) -> Option<&str> {
        let region = self.config.region().map(Region::as_ref);
        // A variable that is set to nothing names none.
        region.filter(|region| !region.is_empty())
    }

    /// The endpoint that every call goes to in place of AWS's own, where the environment or the profile names one.
    pub fn endpoint(&self) -> Option<&str> {
        self.config.endpoint_url()
    }

    pub(super) fn config_in(&self, region: &str) -> SdkConfig {
        config_in(&self.config, region)
    }

    pub(super) fn interceptor(&self) -> SharedInterceptor {
        self.interceptor_for(LastKey::default())
    }

    /// One that notes the key of each request.
    fn interceptor_for(&self, key: LastKey) -> SharedInterceptor {
        SharedInterceptor::new(Observe {
            observer: Arc::clone(&self.observer),
            renewal: self.renewal.clone(),
            key,
        })
    }

    pub(super) fn clients(&self, home_region: &str, role: Option<&Role>) -> AccountClients {
        let mut config = self.config_in(home_region);
        if let Some(role) = role {
            let provider = AssumedRole {
                config: aws_sdk_sts::config::Builder::from(&config)
                    .interceptor(self.interceptor())
                    .retry_partition(retry_partition("sts", home_region, Some(&role.arn))),
                role: role.clone(),
                session_name: SESSION_NAME.clone(),
            };
            let provider = SharedCredentialsProvider::new(provider);
            config = config.into_builder().credentials_provider(provider).build();
        }
        self.accounts.fetch_add(1, Ordering::Relaxed);
        let principals = Principals::default();
        AccountClients {
            config,
            accounts: Arc::clone(&self.accounts),
            role: role.map(|role| role.arn.clone()),
            interceptor: self.interceptor_for(principals.key.clone()),
            regions: Mutex::default(),
            permits: Semaphore::new(CONCURRENT_CALLS),
            identity: OnceCell::new(),
            principals,
            enabled: Mutex::default(),
        }
    }
}

/// What an account's retries in a service and region are paid from. The SDK's own budget is one for all accounts of a process:
/// there a throttled account would use up the retries of every other.
fn retry_partition(service: &str, region: &str, role: Option<&str>) -> RetryPartition {
    let account = role.unwrap_or("own");
    RetryPartition::new(format!("trailwarden {service} {region} {account}"))
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

fn config_in(config: &SdkConfig, region: &str) -> SdkConfig {
    config
        .to_builder()
        .region(Region::new(region.to_owned()))
        .build()
}

/// Who the credentials belong to (sts:GetCallerIdentity).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: AccountId,
    /// ARN of the user, the role's session or the root.
    pub principal: Option<String>,
}

/// The clients of one account, by region, and the bound on what they do at the same time.
#[derive(Debug)]
pub(super) struct AccountClients {
    config: SdkConfig,
    accounts: Arc<AtomicUsize>,
    /// ARN of the role that is assumed.
    role: Option<String>,
    interceptor: SharedInterceptor,
    regions: Mutex<BTreeMap<String, Arc<RegionClients>>>,
    permits: Semaphore,
    identity: OnceCell<Identity>,
    principals: Principals,
    enabled: Mutex<Option<(Instant, Vec<String>)>>,
}

/// The clients of one account in one region, each made at its first use: a client is some 20 KB, and most regions of
/// most accounts are asked for trails only.
#[derive(Debug)]
pub(super) struct RegionClients {
    config: SdkConfig,
    role: Option<String>,
    interceptor: SharedInterceptor,
    account: OnceLock<aws_sdk_account::Client>,
    cloudtrail: OnceLock<aws_sdk_cloudtrail::Client>,
    cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
    eventbridge: OnceLock<aws_sdk_eventbridge::Client>,
    iam: OnceLock<aws_sdk_iam::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
    logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    sqs: OnceLock<aws_sdk_sqs::Client>,
}

impl AccountClients {
    /// The region in which the account is first asked.
    pub(super) fn home(&self) -> &str {
        self.config.region().map_or("", Region::as_ref)
    }

    /// The clients of a region, made at the first use.
    pub(super) fn region(&self, region: &str) -> Arc<RegionClients> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clients) = regions.get(region) {
            return Arc::clone(clients);
        }
        let clients = Arc::new(RegionClients::new(
            config_in(&self.config, region),
            self.role.clone(),
            self.interceptor.clone(),
        ));
        regions.insert(region.to_owned(), Arc::clone(&clients));
        clients
    }

    /// A look is over. Where there are many accounts, clients are made anew at the next one: that costs a look less than a
    /// call, and between looks they would be the greater part of all memory. Credentials stay.
    pub(super) fn rest(&self) {
        if self.accounts.load(Ordering::Relaxed) > ACCOUNTS_WITH_CLIENTS {
            let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
            regions.clear();
        }
    }

    /// The regions that the account has enabled, if that was learnt a short while ago.
    pub(super) fn enabled_regions(&self) -> Option<Vec<String>> {
        let enabled = self.enabled.lock().unwrap_or_else(PoisonError::into_inner);
        enabled
            .as_ref()
            .filter(|(learnt, _)| learnt.elapsed() < REGIONS_BELIEVED)
            .map(|(_, regions)| regions.clone())
    }

    /// Remembers the regions that the account has enabled. No region at all is no answer to be believed: every account has some.
    pub(super) fn remember_regions(&self, regions: &[String]) {
        if regions.is_empty() {
            return;
        }
        let mut enabled = self.enabled.lock().unwrap_or_else(PoisonError::into_inner);
        *enabled = Some((Instant::now(), regions.to_vec()));
    }

    /// Makes one call within the account's bound on concurrent calls.
    pub(super) async fn send<T, E>(
        &self,
        call: Call<'_>,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        // The semaphore is never closed; a permit that could not be had would only lift the bound.
        let _permit = self.permits.acquire().await.ok();
        request.await.map_err(|error| call.failed(&error))
    }

    /// Where the role was refused, that is the call that failed, and it is about the role.
    fn not_identified(&self, error: CallError) -> ObserveError {
        match (error.code.strip_prefix(ASSUME_ROLE_CODE), &self.role) {
            (Some(code), Some(role)) => ObserveError::Role(CallError {
                operation: "AssumeRole",
                scope: role.clone(),
                code: code.to_owned(),
                ..error
            }),
            _ => ObserveError::Identity(error),
        }
    }

    /// Whose account the credentials lead to; asked until it is known, then remembered.
    pub(super) async fn account_id(&self) -> Result<&AccountId, ObserveError> {
        Ok(&self.identity().await?.account)
    }

    /// Whether this is the principal behind the credentials, or was.
    pub(super) fn is_principal(&self, arn: &str) -> bool {
        self.principals.contains(arn)
    }

    pub(super) async fn identity(&self) -> Result<&Identity, ObserveError> {
        self.identity
            .get_or_try_init(async || {
                let found = self.ask_identity().await?;
                self.principals.learn(found.principal.as_deref());
                Ok(found)
            })
            .await
    }

    /// Asks once more where the credentials are others than before. A question without an answer is asked again after the
    /// next look.
    pub(super) async fn recognize(&self) -> Result<(), ObserveError> {
        if self.principals.is_current() {
            return Ok(());
        }
        let expected = self.account_id().await?;
        match self.ask_identity().await {
            Ok(found) if found.account != *expected => Err(ObserveError::ForeignAccount {
                expected: expected.clone(),
                found: found.account,
            }),
            Ok(found) => {
                self.principals.learn(found.principal.as_deref());
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }

    async fn ask_identity(&self) -> Result<Identity, ObserveError> {
        let region = self.config.region().map_or("", Region::as_ref);
        let call = Call {
            service: "sts",
            operation: "GetCallerIdentity",
            scope: region,
        };
        let sts = aws_sdk_sts::Client::from_conf(
            aws_sdk_sts::config::Builder::from(&self.config)
                .interceptor(self.interceptor.clone())
                .retry_partition(retry_partition("sts", region, self.role.as_deref()))
                .build(),
        );
        let answer = self
            .send(call, Box::pin(sts.get_caller_identity().send()))
            .await
            .map_err(|error| self.not_identified(error))?;
        let id = answer.account.unwrap_or_default();
        let account = id.parse().map_err(|_| ObserveError::NoAccount(id))?;
        Ok(Identity {
            account,
            principal: answer.arn,
        })
    }
}

impl RegionClients {
    fn new(config: SdkConfig, role: Option<String>, interceptor: SharedInterceptor) -> Self {
        Self {
            config,
            role,
            interceptor,
            account: OnceLock::new(),
            cloudtrail: OnceLock::new(),
            cloudwatch: OnceLock::new(),
            eventbridge: OnceLock::new(),
            iam: OnceLock::new(),
            kms: OnceLock::new(),
            logs: OnceLock::new(),
            sns: OnceLock::new(),
            sqs: OnceLock::new(),
        }
    }

    fn retries(&self, service: &str) -> RetryPartition {
        let region = self.config.region().map_or("", Region::as_ref);
        retry_partition(service, region, self.role.as_deref())
    }
}

macro_rules! clients {
    ($($name:ident: $service:ident),+ $(,)?) => {
        impl RegionClients {
            $(pub(super) fn $name(&self) -> &$service::Client {
                self.$name.get_or_init(|| {
                    $service::Client::from_conf(
                        $service::config::Builder::from(&self.config)
                            .interceptor(self.interceptor.clone())
                            .retry_partition(self.retries(stringify!($name)))
                            .build(),
                    )
                })
            })+
        }
    };
}

clients! {
    account: aws_sdk_account,
    cloudtrail: aws_sdk_cloudtrail,
    cloudwatch: aws_sdk_cloudwatch,
    eventbridge: aws_sdk_eventbridge,
    iam: aws_sdk_iam,
    kms: aws_sdk_kms,
    logs: aws_sdk_cloudwatchlogs,
    sns: aws_sdk_sns,
    sqs: aws_sdk_sqs,
}
