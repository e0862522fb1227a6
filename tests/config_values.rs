//! The types of single settings accept what AWS accepts and nothing else.

use trailwarden::config::{Endpoint, QueueUrl, Region, RoleArn, SecretFile, TopicArn};

#[test]
fn queue_urls_of_aws_and_of_emulators_are_taken_apart() {
    let cases = [
        (
            "https://sqs.eu-west-1.amazonaws.com/012345678901/feed",
            Some("eu-west-1"),
            "feed",
        ),
        (
            "https://sqs.cn-north-1.amazonaws.com.cn/012345678901/feed",
            Some("cn-north-1"),
            "feed",
        ),
        (
            "https://eu-west-1.queue.amazonaws.com/012345678901/feed",
            Some("eu-west-1"),
            "feed",
        ),
        (
            "https://queue.amazonaws.com/012345678901/feed",
            None,
            "feed",
        ),
        (
            "https://vpce-0a1-b2.sqs.us-east-1.vpce.amazonaws.com/012345678901/f",
            Some("us-east-1"),
            "f",
        ),
        (
            "http://sqs.us-east-1.localhost.localstack.cloud:4566/012345678901/feed",
            Some("us-east-1"),
            "feed",
        ),
        ("http://localhost:4566/012345678901/feed", None, "feed"),
        (
            "https://sqs.eusc-de-east-1.amazonaws.eu/012345678901/feed",
            Some("eusc-de-east-1"),
            "feed",
        ),
        (
            "http://127.0.0.1:4566/queue/us-gov-west-1/012345678901/a_b-c",
            Some("us-gov-west-1"),
            "a_b-c",
        ),
    ];
    for (text, region, name) in cases {
        let url: QueueUrl = text.parse().unwrap();
        assert_eq!(url.as_str(), text);
        assert_eq!(url.region().map(Region::as_str), region, "{text}");
        assert_eq!(url.account().as_str(), "012345678901", "{text}");
        assert_eq!(url.name(), name, "{text}");
    }
}

#[test]
fn what_is_no_queue_url_is_refused() {
    let cases = [
        "",
        "feed",
        "arn:aws:sqs:eu-west-1:012345678901:feed",
        "https://",
        "https:///012345678901/feed",
        "https://sqs.eu-west-1.amazonaws.com",
        "https://sqs.eu-west-1.amazonaws.com/feed",
        "https://sqs.eu-west-1.amazonaws.com/12345678901/feed",
        "https://sqs.eu-west-1.amazonaws.com/012345678901/",
        "https://sqs.eu-west-1.amazonaws.com/012345678901/feed/",
        "https://sqs.eu-west-1.amazonaws.com/012345678901/feed?x=1",
        "https://sqs.eu-west-1.amazonaws.com/012345678901/fe ed",
        "https://user:password@sqs.eu-west-1.amazonaws.com/012345678901/feed",
        "http://sqs.eu-west-1.amazonaws.com/012345678901/feed",
        "http://sqs.eu-west-1.api.aws/012345678901/feed",
        "http://sqs.eusc-de-east-1.amazonaws.eu/012345678901/feed",
        "http://sqs.us-isob-east-1.sc2s.sgov.gov/012345678901/feed",
        "ftp://localhost/012345678901/feed",
    ];
    for text in cases {
        assert!(text.parse::<QueueUrl>().is_err(), "{text}");
    }
    let fifo = "https://sqs.eu-west-1.amazonaws.com/012345678901/feed.fifo";
    assert_eq!(
        fifo.parse::<QueueUrl>().unwrap_err().to_string(),
        "it is a FIFO queue: the rules and the daemon use a standard queue"
    );
}

#[test]
fn the_form_of_an_endpoint_tells_its_protocol() {
    let cases = [
        ("arn:aws:sqs:eu-west-1:012345678901:q", "sqs"),
        ("arn:aws:lambda:eu-west-1:012345678901:function:f", "lambda"),
        (
            "arn:aws:firehose:eu-west-1:012345678901:deliverystream/d",
            "firehose",
        ),
        (
            "arn:aws:sns:eu-west-1:012345678901:endpoint/GCM/app/id",
            "application",
        ),
        ("sec@example.com", "email"),
        ("https://example.com/hook?a=b@c", "https"),
        ("http://example.com", "http"),
        ("+15551234567", "sms"),
    ];
    for (text, protocol) in cases {
        let endpoint: Endpoint = text.parse().unwrap();
        assert_eq!((endpoint.as_str(), endpoint.protocol()), (text, protocol));
    }
    let refused = [
        "",
        "example.com",
        "sec@",
        "sec@example",
        "@example.com",
        "a b@example.com",
        "+1555",
        "+1555123456x",
        "https://",
        "https://user:password@example.com/hook",
        "ftp://example.com",
        "arn:aws:sns:eu-west-1:012345678901:topic",
        "arn:aws:s3:::bucket",
        "arn:aws:sqs::012345678901:q",
        "arn:aws:sqs:eu-west-1:12345678901:q",
        "arn:aws:lambda:eu-west-1:012345678901:layer:f",
    ];
    for text in refused {
        assert!(text.parse::<Endpoint>().is_err(), "{text}");
    }
}

#[test]
fn arns_of_topics_and_roles_are_checked_part_by_part() {
    for text in [
        "arn:aws:sns:eu-west-1:012345678901:t",
        "arn:aws-us-gov:sns:us-gov-west-1:012345678901:t.fifo",
    ] {
        assert_eq!(text.parse::<TopicArn>().unwrap().as_str(), text);
    }
    let refused = [
        "",
        "t",
        "arn:aws:sqs:eu-west-1:012345678901:t",
        "arn:aws:sns:eu-west-1:012345678901:",
        "arn:aws:sns:eu-west-1:012345678901:t:11111111-2222-3333-4444-555555555555",
        "arn:aws:sns:eu-west:012345678901:t",
        "arn:aws:sns:eu-west-1:12345678901:t",
        "arn:azure:sns:eu-west-1:012345678901:t",
        "ARN:aws:sns:eu-west-1:012345678901:t",
    ];
    for text in refused {
        assert!(text.parse::<TopicArn>().is_err(), "{text}");
    }
    let role: RoleArn = "arn:aws:iam::012345678901:role/a/b".parse().unwrap();
    assert_eq!(role.account().as_str(), "012345678901");
    let refused = [
        "arn:aws:iam::012345678901:role/",
        "arn:aws:iam::012345678901:user/a",
        "arn:aws:iam:eu-west-1:012345678901:role/a",
        "arn:aws:iam::1:role/a",
        "arn:aws:sts::012345678901:role/a",
    ];
    for text in refused {
        assert!(text.parse::<RoleArn>().is_err(), "{text}");
    }
}

#[test]
fn a_secret_is_read_from_its_file_without_the_line_break() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("id");
    let file: SecretFile = path.to_str().unwrap().parse().unwrap();
    assert_eq!(
        file.read().unwrap_err().kind(),
        std::io::ErrorKind::NotFound
    );
    std::fs::write(&path, "\n").unwrap();
    assert_eq!(
        file.read().unwrap_err().kind(),
        std::io::ErrorKind::InvalidData
    );
    std::fs::write(&path, " s3cret\n").unwrap();
    assert_eq!(file.read().unwrap(), " s3cret");
}
