//! Messages as anybody could put them into the queue of the feed: true ones, true ones of others, spoiled, forged and nonsense.
//! The shapes are those of AWS's documentation (CloudTrail record contents; EventBridge events delivered via CloudTrail; SNS
//! message formats), written anew.

use serde_json::{Value, json};

/// What must become of a message, by the documentation of `trailwarden_messages_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Causes, or joins, a look at the account that it names.
    Evaluated,
    /// A call via CloudTrail that no verdict depends on.
    Ignored,
    /// No call via CloudTrail, or of an account that is not watched.
    Foreign,
    /// A call that failed.
    FailedCall,
    /// A call that only reads.
    ReadOnly,
    /// Left to the queue's redrive policy.
    Unreadable,
}

impl Outcome {
    pub const ALL: [Self; 6] = [
        Self::Evaluated,
        Self::Ignored,
        Self::Foreign,
        Self::FailedCall,
        Self::ReadOnly,
        Self::Unreadable,
    ];

    /// The label of the metric.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evaluated => "evaluated",
            Self::Ignored => "ignored",
            Self::Foreign => "foreign",
            Self::FailedCall => "failed_call",
            Self::ReadOnly => "read_only",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One message.
#[derive(Debug, Clone)]
pub struct Made {
    pub body: String,
    /// None where only a parser could tell.
    pub outcome: Option<Outcome>,
}

/// Calls that can cut the chain: source, name, and parameters as CloudTrail records them.
fn listed() -> [(&'static str, &'static str, Value); 12] {
    [
        ("cloudtrail", "StopLogging", json!({"name": "main"})),
        (
            "cloudtrail",
            "PutEventSelectors",
            json!({"trailName": "main", "eventSelectors": [{"readWriteType": "All"}]}),
        ),
        (
            "cloudtrail",
            "UpdateTrail",
            json!({"name": "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}),
        ),
        (
            "logs",
            "DeleteMetricFilter",
            json!({"logGroupName": "ct", "filterName": "f"}),
        ),
        (
            "logs",
            "PutMetricFilter",
            json!({"logGroupName": "ct", "filterName": "f", "filterPattern": "{ $.a = * }"}),
        ),
        (
            "monitoring",
            "DeleteAlarms",
            json!({"alarmNames": ["a", "b"]}),
        ),
        (
            "monitoring",
            "PutMetricAlarm",
            json!({"alarmName": "a", "threshold": 1.0, "period": 300}),
        ),
        (
            "sns",
            "Unsubscribe",
            json!({"subscriptionArn": "arn:aws:sns:us-east-1:111122223333:t:6b0e"}),
        ),
        (
            "sns",
            "SetTopicAttributes",
            json!({"topicArn": "arn:aws:sns:us-east-1:111122223333:t", "attributeName": "Policy"}),
        ),
        (
            "kms",
            "ScheduleKeyDeletion",
            json!({"keyId": "alias/x", "pendingWindowInDays": 7}),
        ),
        (
            "iam",
            "DetachRolePolicy",
            json!({"roleName": "trail", "policyArn": "arn:aws:iam::aws:policy/X"}),
        ),
        ("events", "DisableRule", json!({"name": "trailwarden"})),
    ]
}

/// Who calls: the kinds of `userIdentity`.
fn identities(account: &str) -> [Value; 6] {
    [
        json!({"type": "Root", "principalId": account, "arn": format!("arn:aws:iam::{account}:root"), "accountId": account}),
        json!({"type": "IAMUser", "principalId": "AIDA", "arn": format!("arn:aws:iam::{account}:user/a"), "userName": "a"}),
        json!({"type": "AssumedRole", "arn": format!("arn:aws:sts::{account}:assumed-role/admin/m"),
            "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "admin"}, "attributes": {"mfaAuthenticated": "false"}}}),
        json!({"type": "AWSService", "invokedBy": "cloudformation.amazonaws.com"}),
        json!({"type": "WebIdentityUser", "principalId": "p:sub", "identityProvider": "x"}),
        json!({"type": "Unknown"}),
    ]
}

/// Makes messages for one account that is watched, from a seed.
#[derive(Debug)]
pub struct Messages {
    random: fastrand::Rng,
    account: String,
}

impl Messages {
    pub fn new(seed: u64, account: &str) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            account: account.to_owned(),
        }
    }

    /// The next message.
    pub fn next(&mut self) -> Made {
        let known = |body: String, outcome| Made {
            body,
            outcome: Some(outcome),
        };
        match self.random.u8(..20) {
            0..=3 => known(self.event().to_string(), Outcome::Evaluated),
            4 => self.of_another(),
            5 => {
                let mut event = self.event();
                let code = ["AccessDenied", "", "ThrottlingException"][self.random.usize(..3)];
                event["detail"]["errorCode"] = json!(code);
                known(event.to_string(), Outcome::FailedCall)
            }
            6 => {
                let mut event = self.event();
                event["detail"]["readOnly"] =
                    [json!(true), json!("true")][self.random.usize(..2)].clone();
                known(event.to_string(), Outcome::ReadOnly)
            }
            7 => {
                let mut event = self.event();
                event["detail"]["eventName"] = json!("PutRetentionPolicy");
                known(event.to_string(), Outcome::Ignored)
            }
            8 | 9 => self.wrapped(),
            10 => self.no_call(),
            11 => {
                // Half of an object is none.
                let body = self.event().to_string();
                let end = body.floor_char_boundary(self.random.usize(..body.len()));
                known(body[..end].to_owned(), Outcome::Unreadable)
            }
            12 => self.deep(),
            // A quarter of a megabyte takes a debug build a while: some hundreds are enough.
            13 if self.random.u8(..20) == 0 => self.huge(),
            13..=15 => self.wrong_type(),
            16 => self.other_partition(),
            17 => self.forged_account(),
            18 => self.mangled(),
            _ => self.noise(),
        }
    }

    /// A listed call that succeeded, in the account that is watched.
    fn event(&mut self) -> Value {
        let calls = listed();
        let (service, name, parameters) = calls[self.random.usize(..calls.len())].clone();
        let account = self.account.clone();
        let identities = identities(&account);
        let identity = identities[self.random.usize(..identities.len())].clone();
        json!({
            "version": "0",
            "id": format!("{:032x}", self.random.u128(..)),
            "detail-type": "AWS API Call via CloudTrail",
            "source": format!("aws.{service}"),
            "account": account,
            "time": "2026-11-23T10:00:01Z",
            "region": "us-east-1",
            "resources": [],
            "detail": {
                "eventVersion": "1.11",
                "userIdentity": identity,
                "eventTime": "2026-11-23T10:00:00Z",
                "eventSource": format!("{service}.amazonaws.com"),
                "eventName": name,
                "awsRegion": "us-east-1",
                "sourceIPAddress": "198.51.100.7",
                "userAgent": "aws-cli/2.31 \u{1b}[31m\u{202e}",
                "requestParameters": parameters,
                "responseElements": null,
                "requestID": format!("{:x}", self.random.u64(..)),
                "eventID": format!("{:x}", self.random.u64(..)),
                "readOnly": false,
                "eventType": "AwsApiCall",
                "managementEvent": true,
                "recipientAccountId": account,
                "eventCategory": "Management",
                "tlsDetails": {"tlsVersion": "TLSv1.3"}
            }
        })
    }

    /// A true event of an account that nobody watches.
    fn of_another(&mut self) -> Made {
        let other = format!("{:012}", self.random.u64(1..1_000_000_000_000));
        let mut event = self.event();
        event["account"] = json!(other);
        // What else it says of accounts does not count.
        let outcome = if other == self.account {
            Outcome::Evaluated
        } else {
            Outcome::Foreign
        };
        Made {
            body: event.to_string(),
            outcome: Some(outcome),
        }
    }

    /// SNS notifications around an event: three are read, more are not.
    fn wrapped(&mut self) -> Made {
        let wraps = self.random.usize(1..6);
        let mut body = self.event().to_string();
        for _ in 0..wraps {
            body = json!({
                "Type": "Notification",
                "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
                "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
                "Message": body,
                "Timestamp": "2012-05-02T00:54:06.655Z",
                "SignatureVersion": "1",
                "Signature": "EXAMPLEw6JRN...",
                "SigningCertURL": "https://sns.us-west-2.amazonaws.com/x.pem",
                "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe"
            })
            .to_string();
        }
        let outcome = if wraps <= 3 {
            Outcome::Evaluated
        } else {
            Outcome::Unreadable
        };
        Made {
            body,
            outcome: Some(outcome),
        }
    }

    /// JSON that is no call via CloudTrail.
    fn no_call(&mut self) -> Made {
        let mut event = self.event();
        let bodies = [
            json!({"Type": "SubscriptionConfirmation", "Token": "2336412f37", "SubscribeURL": "https://sns.example/?Action=ConfirmSubscription"}),
            json!({"detail-type": "Scheduled Event", "source": "aws.events", "account": self.account, "detail": {}}),
            json!({"detail-type": "AWS Console Sign In via CloudTrail", "account": self.account, "detail": {"eventName": "ConsoleLogin"}}),
            json!({"detail-type": "AWS Service Event via CloudTrail", "account": self.account, "detail": {"eventName": "DeleteTrail"}}),
            json!({"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "k"}}}]}),
            json!({"Records": [event["detail"].take()]}),
            json!(null),
            json!([]),
            json!("text"),
            json!(1e300),
        ];
        Made {
            body: self.random.choice(&bodies).expect("one").to_string(),
            outcome: Some(Outcome::Foreign),
        }
    }

    /// Things in things: a reader without a limit would run out of stack. In the parameters of a call it is the caller's choice,
    /// which keeps nobody from reading the rest.
    fn deep(&mut self) -> Made {
        let depth = self.random.usize(200..20_000);
        let (open, close) = if self.random.bool() {
            ("[", "]")
        } else {
            ("{\"a\":", "}")
        };
        let nest = format!("{}0{}", open.repeat(depth), close.repeat(depth));
        let (body, outcome) = if self.random.bool() {
            // JSON that is no call, however deep.
            (nest, Outcome::Foreign)
        } else {
            let event = self.event().to_string();
            let event = event.replacen(
                "\"responseElements\":null",
                &format!("\"responseElements\":{nest}"),
                1,
            );
            (event, Outcome::Evaluated)
        };
        Made {
            body,
            outcome: Some(outcome),
        }
    }

    /// As long as SQS carried until 2025, 256 KiB; most of it in one field.
    fn huge(&mut self) -> Made {
        let room = 250 * 1024;
        let (body, outcome) = match self.random.u8(..4) {
            0 => {
                let mut event = self.event();
                event["detail"]["userAgent"] = json!("u".repeat(room));
                (event.to_string(), Outcome::Evaluated)
            }
            1 => {
                let mut event = self.event();
                event["detail"]["requestParameters"]["alarmNames"] = json!(vec!["a"; room / 4]);
                (event.to_string(), Outcome::Evaluated)
            }
            2 => (json!(vec![0; room / 2]).to_string(), Outcome::Foreign),
            _ => ("9".repeat(room) + "x", Outcome::Unreadable),
        };
        Made {
            body,
            outcome: Some(outcome),
        }
    }

    /// A field that holds something else than it should.
    fn wrong_type(&mut self) -> Made {
        // Read, and needed.
        const NEEDED: [&str; 7] = [
            "/account",
            "/region",
            "/detail",
            "/detail/eventSource",
            "/detail/eventName",
            "/detail/eventTime",
            "/detail/eventID",
        ];
        // Never read, or read only to name what was touched.
        const IDLE: [&str; 6] = [
            "/source",
            "/time",
            "/detail/awsRegion",
            "/detail/requestParameters",
            "/detail/recipientAccountId",
            "/detail/managementEvent",
        ];
        let wrong = [json!(7), json!([1, 2]), json!({"a": {"b": 1}}), json!(true)];
        let wrong = self.random.choice(&wrong).expect("one").clone();
        let mut event = self.event();
        let (places, outcome): (&[&str], _) = if self.random.bool() {
            (&NEEDED, Outcome::Unreadable)
        } else {
            (&IDLE, Outcome::Evaluated)
        };
        let place = self.random.choice(places).expect("one");
        *event.pointer_mut(place).expect("it is there") = wrong;
        Made {
            body: event.to_string(),
            outcome: Some(outcome),
        }
    }

    /// The account in a partition where it cannot be: the account alone decides where to look.
    fn other_partition(&mut self) -> Made {
        let (partition, region) = [
            ("aws-cn", "cn-north-1"),
            ("aws-us-gov", "us-gov-west-1"),
            ("aws-iso", "us-iso-east-1"),
        ][self.random.usize(..3)];
        let mut event = self.event();
        event["region"] = json!(region);
        event["detail"]["awsRegion"] = json!(region);
        let body = event
            .to_string()
            .replace("arn:aws:", &format!("arn:{partition}:"));
        Made {
            body,
            outcome: Some(Outcome::Evaluated),
        }
    }

    /// Account ids that are none, regions that nobody configured.
    fn forged_account(&mut self) -> Made {
        let mut event = self.event();
        if self.random.bool() {
            let regions = [
                "mars-east-1",
                "",
                "../../etc",
                "us-east-1.evil.example/",
                "localhost:1/",
            ];
            event["region"] = json!(regions[self.random.usize(..regions.len())]);
            event["detail"]["awsRegion"] = event["region"].clone();
            return Made {
                body: event.to_string(),
                outcome: Some(Outcome::Evaluated),
            };
        }
        let spaced = format!(" {}", self.account);
        let longer = format!("{}0", self.account);
        let ids = [
            "",
            "*",
            "11112222333",
            "１１１１２２２２３３３３",
            "111122223333\u{0}",
            &spaced,
            &longer,
            "-11112222333",
        ];
        event["account"] = json!(ids[self.random.usize(..ids.len())]);
        Made {
            body: event.to_string(),
            outcome: Some(Outcome::Unreadable),
        }
    }

    /// A true event in which some bytes are others; what is no UTF-8 any more is replaced, as SQS accepts nothing else.
    fn mangled(&mut self) -> Made {
        let mut bytes = self.event().to_string().into_bytes();
        for _ in 0..self.random.usize(1..8) {
            let at = self.random.usize(..bytes.len());
            match self.random.u8(..3) {
                0 => bytes[at] = self.random.u8(..),
                1 => {
                    bytes.remove(at);
                }
                _ => bytes.insert(at, b"{}[]\",:\\0e"[self.random.usize(..10)]),
            }
        }
        Made {
            body: String::from_utf8_lossy(&bytes).into_owned(),
            outcome: None,
        }
    }

    /// Bytes without sense.
    fn noise(&mut self) -> Made {
        let length = self.random.usize(1..400);
        let bytes: Vec<u8> = std::iter::repeat_with(|| self.random.u8(..))
            .take(length)
            .collect();
        Made {
            // A message is not empty; a letter in front is no beginning of JSON.
            body: format!("x{}", String::from_utf8_lossy(&bytes)),
            outcome: Some(Outcome::Unreadable),
        }
    }
}
