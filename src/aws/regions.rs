//! The regions that an account has enabled (Account Management API reference, "ListRegions").

use aws_sdk_account::operation::list_regions::{ListRegionsError, ListRegionsOutput};
use aws_sdk_account::types::RegionOptStatus;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;

use super::arn::is_region;
use super::clients::RegionClients;

/// A page of them.
pub(super) async fn page(
    clients: &RegionClients,
    token: Option<String>,
) -> Result<ListRegionsOutput, SdkError<ListRegionsError, HttpResponse>> {
    clients
        .account()
        .list_regions()
        .region_opt_status_contains(RegionOptStatus::Enabled)
        .region_opt_status_contains(RegionOptStatus::EnabledByDefault)
        .max_results(50)
        .set_next_token(token)
        .send()
        .await
}

/// Their names, of those pages.
pub(super) fn names(pages: &[ListRegionsOutput]) -> Vec<String> {
    pages
        .iter()
        .flat_map(ListRegionsOutput::regions)
        .filter_map(|region| region.region_name.clone())
        .filter(|region| is_region(region))
        .collect()
}
