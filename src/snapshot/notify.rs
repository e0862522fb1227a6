use serde::{Deserialize, Serialize};

/// What AWS prints in place of the ARN of a subscription that nobody confirmed yet.
pub const PENDING_CONFIRMATION: &str = "PendingConfirmation";

/// What AWS prints in place of the ARN of a subscription that was taken away.
pub const DELETED: &str = "Deleted";

/// A topic with the answer of sns:GetTopicAttributes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Topic {
    /// ARN of the topic.
    pub topic_arn: String,
    /// Its attributes.
    #[serde(default)]
    pub attributes: TopicAttributes,
}

/// The attributes of a topic that matter here; SNS prints every value as a string.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TopicAttributes {
    /// The account that owns the topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The access policy as JSON text; absent is the default owner policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Key id, ARN or alias of the key that encrypts messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_master_key_id: Option<String>,
    /// `true` for a FIFO topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fifo_topic: Option<String>,
    /// Count of confirmed subscriptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriptions_confirmed: Option<String>,
    /// Count of subscriptions that wait for confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriptions_pending: Option<String>,
    /// Count of deleted subscriptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscriptions_deleted: Option<String>,
}

/// A subscription of sns:ListSubscriptionsByTopic with its attributes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subscription {
    /// ARN, or [`PENDING_CONFIRMATION`] or [`DELETED`] as AWS prints them.
    pub subscription_arn: String,
    /// The account that owns the subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `email`, `sqs`, `https`, `lambda`, ...
    #[serde(default)]
    pub protocol: String,
    /// Where messages go; its form depends on the protocol.
    #[serde(default)]
    pub endpoint: String,
    /// ARN of the topic.
    pub topic_arn: String,
    /// sns:GetSubscriptionAttributes.
    #[serde(default)]
    pub attributes: SubscriptionAttributes,
}

/// The attributes of a subscription that matter here; SNS prints every value as a string.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubscriptionAttributes {
    /// Which messages are delivered, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_policy: Option<String>,
    /// `MessageAttributes` (the default) or `MessageBody`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_policy_scope: Option<String>,
    /// `true` while the subscription waits for confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_confirmation: Option<String>,
}

/// The customer key of a topic.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KmsKey {
    /// ARN of the key.
    pub arn: String,
    /// The id, alias or ARN that topics name it by, where that is not its ARN.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// `Enabled`, `Disabled`, `PendingDeletion`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_state: Option<String>,
    /// The key policy as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}
