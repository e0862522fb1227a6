//! How figures are printed.

/// Prints what is measured next.
pub(crate) fn title(text: &str) {
    println!("\n{text}");
}

/// Prints a figure beside its baseline, as a ratio, and whether it is as aimed: below, or above.
pub(crate) fn ratio(what: &str, unit: &str, (ours, baseline): (f64, f64), aim: Aim) {
    let ratio = ours / baseline;
    let values = format!("{} {unit} : {} {unit}", number(ours), number(baseline));
    println!(
        "  {what:<44} {values:>28}  = {:>7}   {}",
        number(ratio),
        aim.judge(ratio, "")
    );
}

/// Prints a figure that is held against a bound.
pub(crate) fn bound(what: &str, unit: &str, figure: f64, aim: Aim) {
    println!(
        "  {what:<44} {:>28}  {:>9}   {}",
        format!("{} {unit}", number(figure)),
        "",
        aim.judge(figure, unit)
    );
}

/// Prints a figure that stands for itself.
pub(crate) fn fact(what: &str, text: &str) {
    println!("  {what:<44} {text:>28}");
}

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    AtMost(f64),
    AtLeast(f64),
    None,
}

impl Aim {
    fn judge(self, figure: f64, unit: &str) -> String {
        let (is_met, words, bound) = match self {
            Self::AtMost(bound) => (figure <= bound, "at most", bound),
            Self::AtLeast(bound) => (figure >= bound, "at least", bound),
            Self::None => return String::new(),
        };
        let met = if is_met { "met" } else { "MISSED" };
        format!("aim {words} {} {unit}: {met}", number(bound)).replace(" :", ":")
    }
}

/// Three digits that say something.
fn number(figure: f64) -> String {
    let digits = match figure.abs() {
        0.0 | 100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{figure:.digits$}")
}

/// The value below which this part of the sample lies (nearest rank).
pub(crate) fn quantile(sample: &[f64], part: f64) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the rank of one of some hundreds"
    )]
    let rank = (part * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}
