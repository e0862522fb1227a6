use serde::{Deserialize, Serialize};

use crate::assess::Link;
use crate::snapshot::{Alarm, EventSelectors, MetricFilter};

/// One writing call to AWS, complete: what is applied is what the plan says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Repair {
    /// logs:PutMetricFilter.
    PutMetricFilter {
        /// The whole filter; its region and log group are in it.
        filter: MetricFilter,
    },
    /// cloudwatch:PutMetricAlarm; replaces the alarm of that name.
    PutMetricAlarm {
        /// Region of the alarm.
        region: String,
        /// The whole alarm; state and ARN are not written.
        alarm: Box<Alarm>,
    },
    /// cloudwatch:EnableAlarmActions.
    EnableAlarmActions {
        /// Region of the alarm.
        region: String,
        /// Name of the alarm.
        alarm_name: String,
    },
    /// sns:CreateTopic.
    CreateTopic {
        /// Region of the topic.
        region: String,
        /// Name of the topic.
        name: String,
    },
    /// sns:Subscribe of an endpoint that the configuration names.
    Subscribe {
        /// The topic.
        topic_arn: String,
        /// Protocol of the endpoint.
        protocol: String,
        /// The endpoint.
        endpoint: String,
    },
    /// cloudtrail:StartLogging, in the trail's home region.
    StartLogging {
        /// Home region of the trail.
        region: String,
        /// ARN of the trail.
        trail_arn: String,
    },
    /// cloudtrail:UpdateTrail, in the trail's home region; absent fields stay as they are.
    UpdateTrail {
        /// Home region of the trail.
        region: String,
        /// ARN of the trail.
        trail_arn: String,
        /// Whether it is to record every region.
        multi_region: Option<bool>,
        /// The log group and the role to deliver with, both or none: AWS refuses one without the other.
        delivery: Option<LogDelivery>,
    },
    /// cloudtrail:PutEventSelectors, in the trail's home region.
    PutEventSelectors {
        /// Home region of the trail.
        region: String,
        /// ARN of the trail.
        trail_arn: String,
        /// The selectors that replace the present ones.
        selectors: EventSelectors,
    },
    /// logs:CreateLogGroup of a group that a trail names.
    CreateLogGroup {
        /// Region of the group.
        region: String,
        /// Name of the group.
        name: String,
    },
}

/// Where and as whom a trail delivers to `CloudWatch` Logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDelivery {
    /// ARN of the log group, ending in `:*`.
    pub log_group_arn: String,
    /// ARN of the role.
    pub role_arn: String,
}

/// The operation of a repair, for labels: a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RepairKind {
    /// logs:PutMetricFilter.
    PutMetricFilter,
    /// cloudwatch:PutMetricAlarm.
    PutMetricAlarm,
    /// cloudwatch:EnableAlarmActions.
    EnableAlarmActions,
    /// sns:CreateTopic.
    CreateTopic,
    /// sns:Subscribe.
    Subscribe,
    /// cloudtrail:StartLogging.
    StartLogging,
    /// cloudtrail:UpdateTrail.
    UpdateTrail,
    /// cloudtrail:PutEventSelectors.
    PutEventSelectors,
    /// logs:CreateLogGroup.
    CreateLogGroup,
}

impl RepairKind {
    /// Every operation.
    pub const ALL: [Self; 9] = [
        Self::PutMetricFilter,
        Self::PutMetricAlarm,
        Self::EnableAlarmActions,
        Self::CreateTopic,
        Self::Subscribe,
        Self::StartLogging,
        Self::UpdateTrail,
        Self::PutEventSelectors,
        Self::CreateLogGroup,
    ];

    /// The name of the API operation.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::PutMetricFilter => "PutMetricFilter",
            Self::PutMetricAlarm => "PutMetricAlarm",
            Self::EnableAlarmActions => "EnableAlarmActions",
            Self::CreateTopic => "CreateTopic",
            Self::Subscribe => "Subscribe",
            Self::StartLogging => "StartLogging",
            Self::UpdateTrail => "UpdateTrail",
            Self::PutEventSelectors => "PutEventSelectors",
            Self::CreateLogGroup => "CreateLogGroup",
        }
    }
}

impl Repair {
    /// Which operation it is.
    pub const fn kind(&self) -> RepairKind {
        match self {
            Self::PutMetricFilter { .. } => RepairKind::PutMetricFilter,
            Self::PutMetricAlarm { .. } => RepairKind::PutMetricAlarm,
            Self::EnableAlarmActions { .. } => RepairKind::EnableAlarmActions,
            Self::CreateTopic { .. } => RepairKind::CreateTopic,
            Self::Subscribe { .. } => RepairKind::Subscribe,
            Self::StartLogging { .. } => RepairKind::StartLogging,
            Self::UpdateTrail { .. } => RepairKind::UpdateTrail,
            Self::PutEventSelectors { .. } => RepairKind::PutEventSelectors,
            Self::CreateLogGroup { .. } => RepairKind::CreateLogGroup,
        }
    }

    /// What is written to, as one line: repairs of the same target undo or repeat each other, others do not.
    pub fn target(&self) -> String {
        match self {
            Self::PutMetricFilter { filter } => format!(
                "metric filter {} of {} in {}",
                filter.filter_name, filter.log_group_name, filter.region
            ),
            Self::PutMetricAlarm { region, alarm } => {
                format!("alarm {} in {region}", alarm.alarm_name)
            }
            Self::EnableAlarmActions { region, alarm_name } => {
                format!("alarm {alarm_name} in {region}")
            }
            Self::CreateTopic { region, name } => format!("topic {name} in {region}"),
            Self::Subscribe {
                topic_arn,
                protocol,
                endpoint,
            } => format!("subscription of {protocol} {endpoint} to {topic_arn}"),
            Self::StartLogging { trail_arn, .. } => format!("logging of {trail_arn}"),
            Self::UpdateTrail { trail_arn, .. } => format!("settings of {trail_arn}"),
            Self::PutEventSelectors { trail_arn, .. } => format!("event selectors of {trail_arn}"),
            Self::CreateLogGroup { region, name } => format!("log group {name} in {region}"),
        }
    }
}

impl Plan {
    /// Whether there is nothing to do and nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The repairs, in the order in which they are carried out.
    pub fn repairs(&self) -> impl Iterator<Item = (&Step, &Repair)> {
        self.steps.iter().filter_map(|step| match &step.action {
            StepAction::Repair(repair) => Some((step, repair)),
            StepAction::Ask { .. } => None,
        })
    }
}

/// What one step of a plan asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepAction {
    /// A call that trailwarden may make.
    Repair(Repair),
    /// Something that needs a person: the reason, and the exact command or act.
    Ask {
        /// Why trailwarden does not do it.
        reason: String,
        /// The AWS CLI command, or what to click.
        command: String,
    },
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The link that it mends.
    pub link: Link,
    /// What it does, for people, one sentence.
    pub summary: String,
    /// The call or the question.
    pub action: StepAction,
}

/// The ordered steps that lead from FAIL to PASS; empty where there is nothing to do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Steps in the order in which they are carried out.
    pub steps: Vec<Step>,
}
