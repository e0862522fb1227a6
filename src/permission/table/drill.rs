//! Drill, by whoever drills.

use super::{Grant, Resource, Test, of, same};
use crate::permission::Purpose;

pub(super) const GRANTS: &[Grant] = &[
    Grant {
        sid: "DrillRecord",
        why: "write the record into a log stream of its own, and remove the stream",
        resource: Resource::These(&[
            "arn:{partition}:logs:*:{account}:log-group:*:log-stream:trailwarden-drill-*",
        ]),
        calls: &[
            same("logs:CreateLogStream"),
            same("logs:PutLogEvents"),
            same("logs:DeleteLogStream"),
        ],
        ..of(Purpose::Drill)
    },
    Grant {
        sid: "DrillFindStreams",
        why: "find log streams that a killed drill left",
        resource: Resource::These(&["arn:{partition}:logs:*:{account}:log-group:*"]),
        calls: &[same("logs:DescribeLogStreams")],
        ..of(Purpose::Drill)
    },
    Grant {
        sid: "DrillQueue",
        why: "listen through a queue of its own, and remove it",
        resource: Resource::These(&["arn:{partition}:sqs:*:{account}:trailwarden-drill-*"]),
        calls: &[
            same("sqs:CreateQueue"),
            same("sqs:ReceiveMessage"),
            same("sqs:DeleteQueue"),
        ],
        ..of(Purpose::Drill)
    },
    Grant {
        sid: "DrillFindQueues",
        why: "find queues that a killed drill left",
        resource: Resource::Any("ListQueues takes no resource"),
        calls: &[same("sqs:ListQueues")],
        ..of(Purpose::Drill)
    },
    Grant {
        sid: "DrillSubscribe",
        why: "subscribe that queue to the topic, and nothing else to anything",
        resource: Resource::These(&["arn:{partition}:sns:*:*:*"]),
        conditions: &[
            Test {
                operator: "StringEquals",
                key: "sns:Protocol",
                values: &["sqs"],
            },
            Test {
                operator: "StringLike",
                key: "sns:Endpoint",
                values: &["arn:{partition}:sqs:*:{account}:trailwarden-drill-*"],
            },
        ],
        calls: &[same("sns:Subscribe")],
        ..of(Purpose::Drill)
    },
    Grant {
        sid: "DrillUnsubscribe",
        why: "remove that subscription",
        resource: Resource::Any("Unsubscribe takes no resource and no condition on the endpoint"),
        calls: &[same("sns:Unsubscribe")],
        ..of(Purpose::Drill)
    },
    Grant {
        sid: "DrillWatch",
        why: "see the metric rise",
        resource: Resource::Any("GetMetricData takes no resource"),
        calls: &[same("cloudwatch:GetMetricData")],
        ..of(Purpose::Drill)
    },
];
