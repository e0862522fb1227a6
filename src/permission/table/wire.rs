//! Make and remove the wiring of the feed, by whoever sets trailwarden up.

use super::{FORWARD_ROLE, Grant, Resource, Test, needs, of, same};
use crate::permission::{Purpose, Side};

/// The bus that they forward to.
const BUS: &str = "arn:{partition}:events:{feed_region}:{feed_account}:event-bus/{prefix}";

/// The queue of the feed.
const QUEUE: &str = "arn:{partition}:sqs:{feed_region}:{feed_account}:{queue}";

/// Its dead-letter queue.
const DEAD_LETTERS: &str = "arn:{partition}:sqs:{feed_region}:{feed_account}:{queue}-dead";

pub(super) const GRANTS: &[Grant] = &[
    Grant {
        sid: "WireRules",
        why: "make, change and remove the rules, mark them as its own, and see whether they are",
        side: Side::Both,
        resource: Resource::These(&[
            "arn:{partition}:events:*:{account}:rule/{prefix}-*",
            "arn:{partition}:events:*:{account}:rule/{prefix}/{prefix}-*",
        ]),
        calls: &[
            needs("events:PutRule", &["events:PutRule", "events:TagResource"]),
            same("events:PutTargets"),
            same("events:RemoveTargets"),
            same("events:DeleteRule"),
            same("events:ListTagsForResource"),
        ],
        ..of(Purpose::Wire)
    },
    Grant {
        sid: "WireBus",
        why: "make and remove the bus that events of other regions and accounts come to",
        side: Side::Own,
        resource: Resource::These(&[BUS]),
        calls: &[
            needs(
                "events:CreateEventBus",
                &["events:CreateEventBus", "events:TagResource"],
            ),
            same("events:DeleteEventBus"),
            same("events:ListTagsForResource"),
        ],
        ..of(Purpose::Wire)
    },
    Grant {
        sid: "WireBusPolicy",
        why: "say who may send to that bus",
        side: Side::Own,
        resource: Resource::Any("PutPermission and RemovePermission take no resource"),
        calls: &[
            same("events:PutPermission"),
            same("events:RemovePermission"),
        ],
        ..of(Purpose::Wire)
    },
    Grant {
        sid: "WireRole",
        why: "make and remove the role that rules of other places forward with",
        side: Side::Both,
        resource: Resource::These(&[FORWARD_ROLE]),
        calls: &[
            needs("iam:CreateRole", &["iam:CreateRole", "iam:TagRole"]),
            same("iam:UpdateAssumeRolePolicy"),
            same("iam:PutRolePolicy"),
            same("iam:DeleteRolePolicy"),
            same("iam:DetachRolePolicy"),
            same("iam:DeleteRole"),
        ],
        ..of(Purpose::Wire)
    },
    Grant {
        sid: "WirePassRole",
        why: "hand that role to EventBridge",
        side: Side::Both,
        resource: Resource::These(&[FORWARD_ROLE]),
        conditions: &[Test {
            operator: "StringEquals",
            key: "iam:PassedToService",
            values: &["events.amazonaws.com"],
        }],
        calls: &[needs("events:PutTargets", &["iam:PassRole"])],
        ..of(Purpose::Wire)
    },
    Grant {
        sid: "WireQueues",
        why: "make and remove the queue and its dead-letter queue, and see whether they are its own",
        side: Side::Own,
        resource: Resource::These(&[QUEUE, DEAD_LETTERS]),
        calls: &[
            needs("sqs:CreateQueue", &["sqs:CreateQueue", "sqs:TagQueue"]),
            same("sqs:SetQueueAttributes"),
            same("sqs:ListQueueTags"),
            same("sqs:DeleteQueue"),
        ],
        ..of(Purpose::Wire)
    },
];
