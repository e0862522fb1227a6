use super::report::AccountReport;

/// The report for a terminal.
pub fn render_text(_accounts: &[AccountReport], _colour: bool) -> String {
    String::new()
}
