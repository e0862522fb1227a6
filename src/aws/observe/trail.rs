use std::collections::BTreeMap;

use aws_sdk_account::operation::list_regions::ListRegionsOutput;
use aws_sdk_cloudtrail::operation::get_event_selectors::GetEventSelectorsOutput;
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::types as sdk;
use futures_util::future::{join, join_all};

use super::look::{Look, NoneIf, Seen, timestamp};
use crate::aws::account::ObserveScope;
use crate::aws::arn::{self, is_region};
use crate::aws::regions;
use crate::aws::sdk_error::call;
use crate::snapshot::{
    AccountId, AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector,
    EventSelectors, Trail, TrailStatus,
};

/// What was seen of the trails.
#[derive(Debug, Default)]
pub(super) struct TrailsSeen {
    pub(super) enabled_regions: Vec<String>,
    /// None where not one region answered.
    pub(super) trails: Option<Vec<Trail>>,
    pub(super) status: BTreeMap<String, TrailStatus>,
    pub(super) selectors: BTreeMap<String, EventSelectors>,
}

impl TrailsSeen {
    /// Adds the trails that one region named. The home region's own view of a trail replaces the shadow of it.
    fn add(&mut self, more: Option<Vec<Trail>>) {
        let Some(more) = more else { return };
        let trails = self.trails.get_or_insert_default();
        for trail in more {
            match trails
                .iter_mut()
                .find(|known| known.trail_arn == trail.trail_arn)
            {
                Some(known) if trail.observed_in.is_none() => *known = trail,
                Some(_) => {}
                None => trails.push(trail),
            }
        }
    }
}

/// Finds the trails of every region: the home region shows multi-region trails of others as shadows, but a single-region
/// trail is seen in its own region only.
pub(super) async fn find(look: &Look<'_>, scope: &ObserveScope, home: &str) -> TrailsSeen {
    let elsewhere = async {
        let enabled = enabled_regions(look, scope, home).await;
        let regions = enabled.iter().filter(|region| *region != home);
        let trails = join_all(regions.map(|region| describe(look, region, false))).await;
        (enabled, trails)
    };
    let (at_home, (enabled_regions, elsewhere)) = join(describe(look, home, true), elsewhere).await;
    let mut seen = TrailsSeen {
        enabled_regions,
        ..TrailsSeen::default()
    };
    for trails in elsewhere.into_iter().chain([at_home]) {
        seen.add(trails);
    }
    seen
}

async fn enabled_regions(look: &Look<'_>, scope: &ObserveScope, home: &str) -> Vec<String> {
    if !scope.regions.is_empty() {
        return scope.regions.clone();
    }
    if let Some(regions) = look.clients().enabled_regions() {
        return regions;
    }
    let clients = look.region(home);
    let call = call("account", "ListRegions", home);
    let (pages, error) = look
        .pages(
            call,
            |token| regions::page(&clients, token),
            ListRegionsOutput::next_token,
        )
        .await;
    let regions = regions::names(&pages);
    // A part of them, remembered, would leave no hole in the looks that believe it.
    match error {
        None => look.clients().remember_regions(&regions),
        Some(error) => look.hole(&error),
    }
    regions
}

async fn describe(look: &Look<'_>, region: &str, shadows: bool) -> Option<Vec<Trail>> {
    let clients = look.region(region);
    let call = call("cloudtrail", "DescribeTrails", region);
    let request = clients
        .cloudtrail()
        .describe_trails()
        .include_shadow_trails(shadows)
        .send();
    match look.ask(call, NoneIf::Never, request).await {
        Seen::Some(answer) => Some(
            answer
                .trail_list
                .unwrap_or_default()
                .into_iter()
                .map(|found| trail(found, region))
                .collect(),
        ),
        Seen::Nothing | Seen::Hole => None,
    }
}

/// Asks for status and selectors of every trail, where it is at home. A trail of the account that is gone by then is
/// taken out.
pub(super) async fn details(
    look: &Look<'_>,
    mut seen: TrailsSeen,
    account: &AccountId,
    home: &str,
) -> TrailsSeen {
    let trails = seen.trails.as_deref().unwrap_or_default();
    let answers = join_all(
        trails
            .iter()
            .map(|trail| detail(look, trail, account, home)),
    )
    .await;
    let mut gone = Vec::new();
    for (trail, (status, selectors)) in trails.iter().zip(answers) {
        match status {
            Seen::Some(answer) => {
                seen.status
                    .insert(trail.trail_arn.clone(), status_of(answer));
            }
            Seen::Nothing => gone.push(trail.trail_arn.clone()),
            Seen::Hole => {}
        }
        match selectors {
            Seen::Some(answer) => {
                seen.selectors
                    .insert(trail.trail_arn.clone(), selectors_of(answer));
            }
            Seen::Nothing => gone.push(trail.trail_arn.clone()),
            Seen::Hole => {}
        }
    }
    if let Some(trails) = &mut seen.trails {
        trails.retain(|trail| !gone.contains(&trail.trail_arn));
    }
    seen
}

async fn detail(
    look: &Look<'_>,
    trail: &Trail,
    account: &AccountId,
    home: &str,
) -> (Seen<GetTrailStatusOutput>, Seen<GetEventSelectorsOutput>) {
    let arn = arn::parse(&trail.trail_arn);
    let region = trail
        .home_region
        .as_deref()
        .filter(|region| is_region(region))
        .or(arn
            .map(|arn| arn.region)
            .filter(|region| !region.is_empty()))
        .unwrap_or(home);
    // Another account's trail that "is not found" exists: it was just described. It is only not shown from here.
    let none_if = if arn.is_some_and(|arn| arn.account == account.as_str()) {
        NoneIf::Gone
    } else {
        NoneIf::Never
    };
    let call = |operation| call("cloudtrail", operation, &trail.trail_arn);
    let clients = look.region(region);
    let status = clients
        .cloudtrail()
        .get_trail_status()
        .name(&trail.trail_arn)
        .send();
    let selectors = clients
        .cloudtrail()
        .get_event_selectors()
        .trail_name(&trail.trail_arn)
        .send();
    join(
        look.ask(call("GetTrailStatus"), none_if, status),
        look.ask(call("GetEventSelectors"), none_if, selectors),
    )
    .await
}

fn trail(found: sdk::Trail, region: &str) -> Trail {
    let is_shadow = found
        .home_region
        .as_deref()
        .is_some_and(|home| home != region);
    Trail {
        name: found.name.unwrap_or_default(),
        trail_arn: found.trail_arn.unwrap_or_default(),
        home_region: found.home_region,
        is_multi_region_trail: found.is_multi_region_trail.unwrap_or_default(),
        include_global_service_events: found.include_global_service_events,
        is_organization_trail: found.is_organization_trail.unwrap_or_default(),
        s3_bucket_name: found.s3_bucket_name,
        cloud_watch_logs_log_group_arn: found
            .cloud_watch_logs_log_group_arn
            .filter(|arn| !arn.is_empty()),
        cloud_watch_logs_role_arn: found
            .cloud_watch_logs_role_arn
            .filter(|arn| !arn.is_empty()),
        observed_in: is_shadow.then(|| region.to_owned()),
    }
}

fn status_of(answer: GetTrailStatusOutput) -> TrailStatus {
    TrailStatus {
        is_logging: answer.is_logging,
        start_logging_time: timestamp(answer.start_logging_time.as_ref()),
        latest_cloud_watch_logs_delivery_time: timestamp(
            answer.latest_cloud_watch_logs_delivery_time.as_ref(),
        ),
        latest_cloud_watch_logs_delivery_error: answer
            .latest_cloud_watch_logs_delivery_error
            .filter(|error| !error.is_empty()),
        latest_delivery_error: answer
            .latest_delivery_error
            .filter(|error| !error.is_empty()),
    }
}

fn selectors_of(answer: GetEventSelectorsOutput) -> EventSelectors {
    EventSelectors {
        event_selectors: answer
            .event_selectors
            .map(|selectors| selectors.into_iter().map(basic).collect()),
        advanced_event_selectors: answer
            .advanced_event_selectors
            .map(|selectors| selectors.into_iter().map(advanced).collect()),
    }
}

fn basic(selector: sdk::EventSelector) -> EventSelector {
    EventSelector {
        read_write_type: selector
            .read_write_type
            .map(|kind| kind.as_str().to_owned()),
        include_management_events: selector.include_management_events,
        data_resources: selector
            .data_resources
            .unwrap_or_default()
            .into_iter()
            .map(|resource| DataResource {
                resource_type: resource.r#type,
                values: resource.values.unwrap_or_default(),
            })
            .collect(),
        exclude_management_event_sources: selector
            .exclude_management_event_sources
            .unwrap_or_default(),
    }
}

fn advanced(selector: sdk::AdvancedEventSelector) -> AdvancedEventSelector {
    AdvancedEventSelector {
        name: selector.name,
        field_selectors: selector
            .field_selectors
            .into_iter()
            .map(|field| AdvancedFieldSelector {
                field: field.field,
                equals: field.equals.unwrap_or_default(),
                starts_with: field.starts_with.unwrap_or_default(),
                ends_with: field.ends_with.unwrap_or_default(),
                not_equals: field.not_equals.unwrap_or_default(),
                not_starts_with: field.not_starts_with.unwrap_or_default(),
                not_ends_with: field.not_ends_with.unwrap_or_default(),
            })
            .collect(),
    }
}
