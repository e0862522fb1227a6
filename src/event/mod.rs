//! CloudTrail calls in EventBridge envelopes: which matter, and what they tell. Pure.
