//! What is said where the host lacks something.

use super::{ONE, Saved, run, text, whole};

const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "SECRET"),
    ("AWS_REGION", "us-east-1"),
];

#[test]
fn a_host_without_root_certificates_is_told_what_to_install() {
    let empty = tempfile::tempdir().unwrap();
    let bundle = empty.path().join("bundle.pem");
    std::fs::write(&bundle, "").unwrap();
    let gone = empty.path().join("gone.pem");
    for (variable, path) in [
        ("SSL_CERT_FILE", bundle.to_str().unwrap()),
        ("SSL_CERT_FILE", gone.to_str().unwrap()),
        ("SSL_CERT_DIR", empty.path().to_str().unwrap()),
    ] {
        for command in ["check", "snapshot", "run"] {
            let mut variables = CREDENTIALS.to_vec();
            variables.push((variable, path));
            variables.push(("TRAILWARDEN_HTTP__LISTEN", "127.0.0.1:0"));
            let output = run(&[command], &variables, "");
            assert_eq!(output.status.code(), Some(1), "{command} {variable}={path}");
            let error = text(&output.stderr);
            assert!(!error.contains("panicked"), "{error}");
            let told: Vec<&str> = error
                .lines()
                .filter(|line| line.contains("install ca-certificates"))
                .collect();
            assert_eq!(told.len(), 1, "{error}");
            assert!(told[0].contains("SSL_CERT_FILE"), "{error}");
        }
    }
}

#[test]
fn plain_http_and_saved_snapshots_need_no_root_certificates() {
    let saved = Saved::new(&[("one.json", &whole(ONE))]);
    let missing = ("SSL_CERT_FILE", "/nowhere");
    let output = run(
        &["check", "--snapshot", &saved.path("one.json")],
        &[missing],
        "",
    );
    assert_eq!(output.status.code(), Some(0));
    // Nobody listens there: the call fails, and that is what is told.
    let mut variables = CREDENTIALS.to_vec();
    variables.push(missing);
    variables.push(("AWS_ENDPOINT_URL", "http://127.0.0.1:9"));
    let output = run(&["check"], &variables, "");
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("sts:GetCallerIdentity"), "{error}");
    assert!(!error.contains("ca-certificates"), "{error}");
}
