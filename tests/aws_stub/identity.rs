//! Whose account it is, and why that cannot be learnt.

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use trailwarden::aws::{
    Account, AccountApi, Aws, Class, ObserveError, ObserveScope, Remembered, Role, SetupError,
};

use super::stub::{ACCOUNT, Answer, Notes, Stub, xml};
use super::{observe, scope};

#[tokio::test(start_paused = true)]
async fn without_the_account_id_there_is_no_snapshot() {
    for (answer, class) in [
        (Answer::Error(403, "InvalidClientTokenId"), Class::Denied),
        (Answer::Error(403, "ExpiredToken"), Class::Transient),
        (Answer::Error(503, "ServiceUnavailable"), Class::Transient),
        (Answer::Silence, Class::Transient),
    ] {
        let stub = Stub::new(move |seen, _| match seen.operation.as_str() {
            "GetCallerIdentity" => answer.clone(),
            _ => Answer::Empty,
        });
        let error = observe(&stub.aws(&Notes::default()).await)
            .await
            .unwrap_err();
        let ObserveError::Identity(call) = &error else {
            panic!("{error}")
        };
        assert_eq!(
            (call.operation, error.class()),
            ("GetCallerIdentity", class),
            "{error}"
        );
    }
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "GetCallerIdentity" => xml("GetCallerIdentity", "<Account>root</Account>"),
        _ => Answer::Empty,
    });
    let error = observe(&stub.aws(&Notes::default()).await)
        .await
        .unwrap_err();
    assert_eq!(error, ObserveError::NoAccount("root".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_identity_that_was_learnt_is_not_asked_for_again_but_a_failure_is() {
    let stub = Stub::new(|seen, before| match (seen.operation.as_str(), before) {
        ("GetCallerIdentity", 0) => Answer::Error(403, "AccessDenied"),
        _ => Answer::Empty,
    });
    let aws = stub.aws(&Notes::default()).await;
    let api = aws
        .account(scope(), None)
        .await
        .expect("the scope is sound");
    assert!(api.observe(&Remembered::default()).await.is_err());
    assert!(api.observe(&Remembered::default()).await.is_ok());
    assert!(api.observe(&Remembered::default()).await.is_ok());
    assert_eq!(stub.count("GetCallerIdentity"), 2);
}

/// Credentials that are asked for anew at every call, with this key.
fn renewed(key: &Arc<Mutex<&'static str>>) -> impl ProvideCredentials + use<> {
    let key = Arc::clone(key);
    provide_credentials_fn(move || {
        let key = *key.lock().expect("the key");
        let expiry = Some(std::time::SystemTime::now());
        async move { Ok(Credentials::new(key, "SECRET", None, expiry, "test")) }
    })
}

/// An account, and the access key of its credentials.
async fn account_with_keys(stub: &Stub) -> (Arc<Mutex<&'static str>>, Account) {
    let key = Arc::new(Mutex::new("AKIDONE"));
    let aws = stub.aws_as(&Notes::default(), renewed(&key)).await;
    let api = aws
        .account(scope(), None)
        .await
        .expect("the scope is sound");
    (key, api)
}

#[tokio::test(start_paused = true)]
async fn whoever_renewed_credentials_belong_to_is_asked_for_once_and_who_it_was_before_is_known() {
    let stub = Stub::new(|seen, before| match (seen.operation.as_str(), before) {
        // Nothing is known of the second session until it is answered.
        ("GetCallerIdentity", 1) => Answer::Error(403, "AccessDenied"),
        ("GetCallerIdentity", before) => identity(ACCOUNT, &format!("session-{before}")),
        _ => Answer::Empty,
    });
    let (key, api) = account_with_keys(&stub).await;
    let look = async || api.observe(&Remembered::default()).await.is_ok();
    assert!(!api.is_principal("session-0"));
    assert!(look().await && look().await);
    assert!(api.is_principal("session-0"));
    assert_eq!(stub.count("GetCallerIdentity"), 1);

    *key.lock().expect("the key") = "AKIDTWO";
    assert!(look().await, "who it is is not what was asked");
    assert_eq!(stub.count("GetCallerIdentity"), 2);
    assert!(look().await && look().await);
    assert_eq!(stub.count("GetCallerIdentity"), 3);
    assert!(api.is_principal("session-0"));
    assert!(api.is_principal("session-2"));
    assert!(!api.is_principal("session-1"));
}

#[tokio::test(start_paused = true)]
async fn renewed_credentials_of_another_account_show_nothing_of_this_one() {
    let stub = Stub::new(|seen, before| match (seen.operation.as_str(), before) {
        ("GetCallerIdentity", 0) => identity(ACCOUNT, "one"),
        ("GetCallerIdentity", _) => identity("999988887777", "other"),
        _ => Answer::Empty,
    });
    let (key, api) = account_with_keys(&stub).await;
    assert!(api.observe(&Remembered::default()).await.is_ok());
    *key.lock().expect("the key") = "AKIDTWO";
    for _ in 0..2 {
        let error = api.observe(&Remembered::default()).await.unwrap_err();
        let ObserveError::ForeignAccount { expected, found } = &error else {
            panic!("{error}")
        };
        assert_eq!(
            (expected.as_str(), found.as_str()),
            (ACCOUNT, "999988887777")
        );
    }
    assert!(!api.is_principal("other"));
}

fn identity(account: &str, arn: &str) -> Answer {
    xml(
        "GetCallerIdentity",
        &format!("<Account>{account}</Account><Arn>{arn}</Arn><UserId>id</UserId>"),
    )
}

#[tokio::test(start_paused = true)]
async fn missing_credentials_are_told_as_such() {
    let stub = Stub::new(|_, _| Answer::Empty);
    let none = provide_credentials_fn(async || Err(CredentialsError::not_loaded("nowhere")));
    let aws = stub.aws_as(&Notes::default(), none).await;
    let error = observe(&aws).await.unwrap_err();
    let ObserveError::Identity(call) = &error else {
        panic!("{error}")
    };
    assert_eq!(call.code, "NoCredentials", "{error}");
    assert_eq!(stub.seen(), []);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_cannot_be_assumed_is_told_as_such() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "AssumeRole" => Answer::Error(403, "AccessDenied"),
        _ => Answer::Empty,
    });
    let aws = stub.aws(&Notes::default()).await;
    let role = Role {
        arn: "arn:aws:iam::012345678901:role/trailwarden".to_owned(),
        external_id: Some("handshake".to_owned()),
    };
    let api = aws
        .account(scope(), Some(&role))
        .await
        .expect("the scope is sound");
    let error = api.observe(&Remembered::default()).await.unwrap_err();
    let ObserveError::Role(call) = &error else {
        panic!("{error}")
    };
    assert_eq!(
        (call.operation, call.code.as_str(), call.class),
        ("AssumeRole", "AccessDenied", Class::Denied)
    );
    assert_eq!(call.scope, role.arn);
    assert!(
        error
            .to_string()
            .contains("allow sts:AssumeRole on that role"),
        "{error}"
    );
    let assumed = stub.seen();
    assert!(
        assumed.iter().all(|seen| seen.operation == "AssumeRole"),
        "{assumed:?}"
    );
    assert!(
        assumed[0].body.contains("ExternalId=handshake"),
        "{assumed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_is_one_readable_line() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "GetCallerIdentity" => Answer::Error(403, "AccessDenied"),
        _ => Answer::Empty,
    });
    let error = observe(&stub.aws(&Notes::default()).await)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot learn whose account this is: sts:GetCallerIdentity us-east-1 failed: no  31m (AccessDenied)"
    );
}

#[tokio::test(start_paused = true)]
async fn no_region_or_a_false_one_is_told_before_any_call() {
    let bare = aws_config::SdkConfig::builder().build();
    let aws = Aws::with_config(bare, Arc::new(Notes::default()));
    let error = aws
        .account(ObserveScope::default(), None)
        .await
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error, SetupError::NoRegion);
    let error = aws
        .queue("http://127.0.0.1:4566/012345678901/q")
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error, SetupError::NoRegion);
    let false_region = ObserveScope {
        regions: vec!["us-east-1".to_owned(), "evil.example/".to_owned()],
        ..ObserveScope::default()
    };
    let error = aws
        .account(false_region, None)
        .await
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error, SetupError::BadRegion("evil.example/".to_owned()));
}
