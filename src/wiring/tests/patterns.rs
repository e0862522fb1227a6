//! What passes which pattern.

use super::*;

#[test]
fn patterns_are_read_as_eventbridge_does() {
    let call = Call::lookup("logs.amazonaws.com", "DeleteMetricFilter").unwrap();
    let route = route(Some(call));
    for (pattern, expected) in [
        (json!({"source": ["aws.logs"]}), Some(true)),
        (json!({"source": ["aws.sns", "aws.logs"]}), Some(true)),
        (json!({"source": ["aws.sns"]}), Some(false)),
        (json!({"source": [{"prefix": "aws."}]}), Some(true)),
        (
            json!({"source": [{"prefix": {"equals-ignore-case": "AWS."}}]}),
            Some(true),
        ),
        (json!({"source": [{"suffix": "logs"}]}), Some(true)),
        (
            json!({"source": [{"equals-ignore-case": "AWS.Logs"}]}),
            Some(true),
        ),
        (json!({"source": [{"wildcard": "aws.*"}]}), Some(true)),
        (json!({"source": [{"wildcard": "aws.?ogs"}]}), None),
        (json!({"source": [{"anything-but": "aws.sns"}]}), Some(true)),
        (
            json!({"source": [{"anything-but": ["aws.sns", "aws.logs"]}]}),
            Some(false),
        ),
        (
            json!({"source": [{"anything-but": {"prefix": "aws."}}]}),
            Some(false),
        ),
        (
            json!({"source": [{"anything-but": {"suffix": ["x", "y"]}}]}),
            Some(true),
        ),
        (
            json!({"source": [{"anything-but": {"wildcard": "aws.*"}}]}),
            Some(false),
        ),
        (json!({"source": [{"exists": true}]}), Some(true)),
        (json!({"source": [{"exists": false}]}), Some(false)),
        (json!({"source": [{"numeric": [">", 0]}]}), Some(false)),
        (
            json!({"source": [{"resembles": "x"}, "aws.logs"]}),
            Some(true),
        ),
        (json!({"source": [{"resembles": "x"}]}), None),
        (json!({"source": []}), Some(false)),
        (json!({}), Some(true)),
        (
            json!({"detail": {"errorCode": [{"exists": false}]}}),
            Some(true),
        ),
        (
            json!({"detail": {"errorCode": [{"exists": true}]}}),
            Some(false),
        ),
        (
            json!({"detail": {"eventID": [{"exists": true}]}}),
            Some(true),
        ),
        (
            json!({"detail": {"userAgent": [{"exists": true}]}}),
            Some(false),
        ),
        (
            json!({"detail": {"userAgent": [{"exists": true}, {"exists": false}]}}),
            Some(true),
        ),
        (
            json!({"detail": {"sourceIPAddress": [{"cidr": "0.0.0.0/0"}]}}),
            Some(false),
        ),
        (
            json!({"account": [FEED], "region": ["us-east-1"]}),
            Some(true),
        ),
        (json!({"region": ["eu-west-1"]}), Some(false)),
        (
            json!({"$or": [{"source": ["aws.sns"]}, {"detail": {"eventName": ["DeleteMetricFilter"]}}]}),
            Some(true),
        ),
        (
            json!({"$or": [{"source": ["aws.sns"]}, {"source": ["aws.kms"]}]}),
            Some(false),
        ),
        (
            json!({"source": ["aws.logs"], "$or": [{"region": ["x"]}]}),
            Some(false),
        ),
        (json!({"source": "aws.logs"}), None),
        (json!([]), None),
    ] {
        let answer = match passes(&pattern.to_string(), &route) {
            Passes::Yes => Some(true),
            Passes::No => Some(false),
            Passes::Undecided(_) => None,
        };
        assert_eq!(answer, expected, "{pattern}");
    }
    assert!(matches!(passes("no json", &route), Passes::Undecided(_)));
}
