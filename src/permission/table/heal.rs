//! Carry out repairs: each only if `heal.links` names a link that it mends.

use super::{Grant, Resource, Test, When, needs, of, same};
use crate::assess::Link;
use crate::permission::Purpose;

pub(super) const GRANTS: &[Grant] = &[
    Grant {
        sid: "MendMetricFilters",
        why: "put the metric filter back",
        when: When::Links(&[Link::Pattern, Link::Metric]),
        resource: Resource::These(&["arn:{partition}:logs:*:{account}:log-group:*"]),
        calls: &[same("logs:PutMetricFilter")],
        ..of(Purpose::Heal)
    },
    Grant {
        sid: "MendAlarms",
        why: "put the alarm back, with its actions",
        when: When::Links(&[Link::Alarm, Link::Action]),
        resource: Resource::These(&["arn:{partition}:cloudwatch:*:{account}:alarm:*"]),
        calls: &[same("cloudwatch:PutMetricAlarm")],
        ..of(Purpose::Heal)
    },
    Grant {
        sid: "EnableAlarms",
        why: "let the alarm act again",
        when: When::Links(&[Link::Alarm]),
        resource: Resource::These(&["arn:{partition}:cloudwatch:*:{account}:alarm:*"]),
        calls: &[same("cloudwatch:EnableAlarmActions")],
        ..of(Purpose::Heal)
    },
    Grant {
        sid: "MendTopics",
        why: "make the topic again",
        when: When::Links(&[Link::Topic]),
        resource: Resource::These(&["arn:{partition}:sns:*:{account}:*"]),
        calls: &[same("sns:CreateTopic")],
        ..of(Purpose::Heal)
    },
    Grant {
        sid: "MendSubscriptions",
        why: "subscribe whom expect.subscriptions names, and nobody else",
        when: When::Links(&[Link::Subscription]),
        resource: Resource::These(&["arn:{partition}:sns:*:{account}:*"]),
        conditions: &[Test {
            operator: "StringEquals",
            key: "sns:Endpoint",
            values: &["{subscriptions}"],
        }],
        calls: &[same("sns:Subscribe")],
        ..of(Purpose::Heal)
    },
    Grant {
        sid: "StartTrails",
        why: "let a stopped trail log again",
        when: When::Links(&[Link::Trail]),
        resource: Resource::These(&["arn:{partition}:cloudtrail:*:{account}:trail/*"]),
        calls: &[same("cloudtrail:StartLogging")],
        ..of(Purpose::Heal)
    },
    Grant {
        sid: "MendTrails",
        why: "let a trail record every region, or deliver to its log group again",
        when: When::Links(&[Link::Trail, Link::LogGroup]),
        resource: Resource::These(&["arn:{partition}:cloudtrail:*:{account}:trail/*"]),
        calls: &[same("cloudtrail:UpdateTrail")],
        ..of(Purpose::Heal)
    },
    Grant {
        sid: "PassTrailRole",
        why: "hand the trail the role that it had, to deliver to its log group with",
        when: When::Links(&[Link::LogGroup]),
        resource: Resource::These(&["arn:{partition}:iam::{account}:role/*"]),
        conditions: &[Test {
            operator: "StringEquals",
            key: "iam:PassedToService",
            values: &["cloudtrail.amazonaws.com"],
        }],
        calls: &[needs("cloudtrail:UpdateTrail", &["iam:PassRole"])],
        ..of(Purpose::Heal)
    },
    Grant {
        sid: "MendSelectors",
        why: "let a trail record the events again that the controls watch",
        when: When::Links(&[Link::Selector]),
        resource: Resource::These(&["arn:{partition}:cloudtrail:*:{account}:trail/*"]),
        calls: &[same("cloudtrail:PutEventSelectors")],
        ..of(Purpose::Heal)
    },
    Grant {
        sid: "MendLogGroups",
        why: "make the log group again that a trail delivers to",
        when: When::Links(&[Link::LogGroup]),
        resource: Resource::These(&["arn:{partition}:logs:*:{account}:log-group:*"]),
        calls: &[same("logs:CreateLogGroup")],
        ..of(Purpose::Heal)
    },
    Grant {
        sid: "SweepUpAfterDrills",
        why: "remove what killed drills left: optional, and in no policy; with it grant what --drill prints for these actions",
        when: When::Never,
        resource: Resource::Any("see --drill"),
        calls: &[
            same("logs:DescribeLogStreams"),
            same("logs:DeleteLogStream"),
            same("sqs:ListQueues"),
            same("sqs:DeleteQueue"),
            same("sns:Unsubscribe"),
        ],
        ..of(Purpose::Heal)
    },
];
