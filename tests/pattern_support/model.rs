//! Syntax trees to generate, with their texts in any layout; compared with what the parser makes of those.

use super::reading::{same, same_line, same_term, same_test};
use proptest::prelude::*;
use trailwarden::pattern::syntax::{Step, Syntax};

/// Conditions joined at will, parentheses and all.
#[derive(Debug, Clone)]
pub enum Tree<C> {
    One(C),
    And(Vec<Tree<C>>),
    Or(Vec<Tree<C>>),
}

/// A value to compare with.
#[derive(Debug, Clone)]
pub enum Value {
    /// May stand without quotes.
    Word(String),
    /// Needs quotes; without the quotes.
    Quoted(String),
    Number(String),
    Regex(String),
}

/// What is asked of a value.
#[derive(Debug, Clone)]
pub enum Ask {
    Is(Value),
    IsNot(Value),
    Order(&'static str, String),
    /// `IS NULL` and its like, in upper case.
    Words(&'static str),
}

/// A condition of a JSON pattern.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: Vec<Step>,
    pub ask: Ask,
}

/// A field of a line.
#[derive(Debug, Clone)]
pub enum Column {
    Unnamed,
    Named,
    Tested(Tree<Ask>),
}

/// A pattern.
#[derive(Debug, Clone)]
pub enum Model {
    Json(Tree<Asked>),
    /// Role prefix and text; whether the text needs quotes shows in it.
    Terms(Vec<(&'static str, String)>),
    Line {
        first: Vec<Column>,
        last: Option<Vec<Column>>,
    },
    Regex(String),
}

/// Choices of layout that have no meaning; repeated without end.
pub struct Layout<'c> {
    choices: &'c [u8],
    at: usize,
}

impl<'c> Layout<'c> {
    pub fn new(choices: &'c [u8]) -> Self {
        Self { choices, at: 0 }
    }

    fn choose<T: Copy>(&mut self, options: &[T]) -> T {
        let choice = usize::from(self.choices[self.at % self.choices.len()]);
        self.at += 1;
        options[choice % options.len()]
    }

    fn gap(&mut self) -> &'static str {
        self.choose(&["", " ", "  ", "\n", "\t", " \r\n "])
    }

    fn space(&mut self) -> &'static str {
        self.choose(&[" ", "  ", "\n", "\t"])
    }

    fn case(&mut self, word: &str) -> String {
        match self.choose(&[0, 1, 2]) {
            0 => word.to_owned(),
            1 => word.to_lowercase(),
            _ => word[..1].to_owned() + &word[1..].to_lowercase(),
        }
    }
}

fn regexes() -> impl Strategy<Value = String> {
    let known = [
        "^a.*b$",
        "[^ ]+\\.json",
        "\\x28\\d{2,3}\\?|\\w",
        "[]a-c-]",
        "a|",
    ];
    prop_oneof![
        prop::sample::select(known.map(str::to_owned).to_vec()),
        "[a-z0-9 .^$|]{1,8}"
    ]
}

fn quoted() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            6 => "[a-zA-Z0-9 :/%@{}()&|=!<>,$*'?_.-]",
            1 => Just("\\\"".to_owned()),
            1 => Just("\\\\".to_owned()),
            1 => Just("\\d".to_owned()),
            1 => "[é漢\u{1f600}\n\t]",
        ],
        0..8,
    )
    .prop_map(|pieces| pieces.concat())
}

fn numbers() -> impl Strategy<Value = String> {
    "[+-]?[0-9]{1,20}(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,8})?"
}

fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z_.*é][a-zA-Z0-9_.*é]{0,8}".prop_filter("`null` needs quotes", |word| {
        !word.eq_ignore_ascii_case("null")
    })
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => words().prop_map(Value::Word),
        3 => quoted().prop_map(Value::Quoted),
        3 => numbers().prop_map(Value::Number),
        1 => regexes().prop_map(Value::Regex),
    ]
}

fn asks(with_words: bool) -> impl Strategy<Value = Ask> {
    let keywords = prop::sample::select(vec!["IS NULL", "IS TRUE", "IS FALSE", "NOT EXISTS"]);
    prop_oneof![
        4 => values().prop_map(Ask::Is),
        4 => values().prop_map(Ask::IsNot),
        2 => (prop::sample::select(vec!["<", "<=", ">", ">="]), numbers())
            .prop_map(|(op, number)| Ask::Order(op, number)),
        if with_words { 2 } else { 0 } => keywords.prop_map(Ask::Words),
    ]
}

fn trees<C: Clone + std::fmt::Debug + 'static>(
    leaf: impl Strategy<Value = C> + 'static,
) -> impl Strategy<Value = Tree<C>> {
    leaf.prop_map(Tree::One).prop_recursive(4, 10, 3, |inner| {
        (prop::collection::vec(inner, 2..4), any::<bool>()).prop_map(|(parts, all)| {
            if all {
                Tree::And(parts)
            } else {
                Tree::Or(parts)
            }
        })
    })
}

fn paths() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => "[a-zA-Z0-9_-]{1,6}".prop_map(Step::Name),
        1 => "[a-z.:/ é\"$]{1,6}".prop_map(Step::Name),
        2 => any::<usize>().prop_map(Step::Index),
        1 => Just(Step::Wildcard),
    ];
    prop::collection::vec(step, 1..5).prop_map(|mut path| {
        // `$[0]` is refused, and so is a second wildcard.
        if let Step::Index(_) = path[0] {
            path[0] = Step::Name("a".to_owned());
        }
        let mut seen = false;
        for step in &mut path {
            if *step == Step::Wildcard && std::mem::replace(&mut seen, true) {
                *step = Step::Index(7);
            }
        }
        path
    })
}

/// Patterns of every kind, within the limits of the language.
pub fn models() -> impl Strategy<Value = Model> {
    let asked = (paths(), asks(true)).prop_map(|(path, ask)| Asked { path, ask });
    let term = (
        prop::sample::select(vec!["", "-", "?"]),
        prop_oneof![
            3 => "[a-zA-Z0-9_.é漢]{1,6}",
            2 => quoted().prop_filter("empty", |text| !text.is_empty()),
        ],
    );
    let column = prop_oneof![
        1 => Just(Column::Unnamed),
        1 => Just(Column::Named),
        3 => trees(asks(false)).prop_map(Column::Tested),
    ];
    let columns = |size| prop::collection::vec(column.clone(), size);
    prop_oneof![
        4 => trees(asked).prop_map(|tree| Model::Json(within_limits(tree))),
        2 => prop::collection::vec(term, 1..5).prop_map(Model::Terms),
        2 => (columns(0..4), prop::option::of(columns(0..3))).prop_map(|(first, last)| line(first, last)),
        1 => regexes().prop_map(Model::Regex),
    ]
}

/// `[]` has no field: a single field without a name cannot be written. At most two regexes.
fn line(first: Vec<Column>, last: Option<Vec<Column>>) -> Model {
    let (mut first, mut last) = (first, last);
    if last.is_none() && matches!(first.as_slice(), [Column::Unnamed]) {
        first.clear();
    }
    let mut left = 2;
    for column in first.iter_mut().chain(last.iter_mut().flatten()) {
        if let Column::Tested(tree) = column {
            each(tree, &mut |ask| limit_regexes(ask, &mut left));
        }
    }
    Model::Line { first, last }
}

fn within_limits(mut tree: Tree<Asked>) -> Tree<Asked> {
    let (mut regexes, mut wildcards) = (2, 3);
    each(&mut tree, &mut |asked| {
        limit_regexes(&mut asked.ask, &mut regexes);
        for step in &mut asked.path {
            if *step == Step::Wildcard {
                if wildcards == 0 {
                    *step = Step::Name("w".to_owned());
                } else {
                    wildcards -= 1;
                }
            }
        }
    });
    tree
}

fn limit_regexes(ask: &mut Ask, left: &mut u32) {
    if let Ask::Is(value) | Ask::IsNot(value) = ask
        && matches!(value, Value::Regex(_))
    {
        if *left == 0 {
            *value = Value::Word("w".to_owned());
        } else {
            *left -= 1;
        }
    }
}

fn each<C>(tree: &mut Tree<C>, change: &mut impl FnMut(&mut C)) {
    match tree {
        Tree::One(one) => change(one),
        Tree::And(parts) | Tree::Or(parts) => parts.iter_mut().for_each(|part| each(part, change)),
    }
}

impl Model {
    /// The text in some layout.
    pub fn text(&self, layout: &mut Layout<'_>) -> String {
        match self {
            Self::Json(tree) => {
                let inside = tree_text(tree, layout, &mut |asked, layout| {
                    let mut text = "$".to_owned();
                    for (at, step) in asked.path.iter().enumerate() {
                        text += &step_text(step, at == 0, layout);
                    }
                    if let Ask::Words(_) = asked.ask {
                        text += layout.space();
                    }
                    text + layout.gap() + &ask_text(&asked.ask, layout)
                });
                format!("{{{}{inside}{}}}", layout.gap(), layout.gap())
            }
            Self::Terms(terms) => {
                let texts = terms.iter().map(|(role, text)| {
                    let bare = text
                        .chars()
                        .all(|c| c.is_alphanumeric() || "_.".contains(c));
                    if bare && layout.choose(&[true, true, false]) {
                        format!("{role}{text}")
                    } else {
                        format!("{role}\"{text}\"")
                    }
                });
                texts.collect::<Vec<_>>().join(" ")
            }
            Self::Line { first, last } => {
                let mut names = 0..;
                let mut texts: Vec<String> = Vec::new();
                for column in first {
                    texts.push(column_text(column, &mut names, layout));
                }
                for (at, column) in last.iter().flatten().enumerate() {
                    if at == 0 {
                        texts.push("...".to_owned());
                    }
                    texts.push(column_text(column, &mut names, layout));
                }
                if last.as_ref().is_some_and(Vec::is_empty) {
                    texts.push("...".to_owned());
                }
                let comma = format!("{},{}", layout.gap(), layout.gap());
                format!("[{}]", texts.join(&comma))
            }
            Self::Regex(regex) => format!("%{regex}%"),
        }
    }

    /// Whether the parser made this of it.
    pub fn is(&self, syntax: &Syntax) -> bool {
        match (self, syntax) {
            (Self::Json(tree), Syntax::Json(expr)) => same(tree, expr, &|asked, condition| {
                asked.path == condition.selector.steps() && same_test(&asked.ask, &condition.test)
            }),
            (Self::Terms(model), Syntax::Terms(terms)) => {
                model.len() == terms.len() && model.iter().zip(terms).all(same_term)
            }
            (Self::Line { first, last }, Syntax::Fields(fields)) => {
                same_line(first, last.as_deref(), fields)
            }
            (Self::Regex(model), Syntax::Regex(regex)) => model == regex.text(),
            _ => false,
        }
    }
}

fn step_text(step: &Step, first: bool, layout: &mut Layout<'_>) -> String {
    match step {
        Step::Name(name) => {
            let plain = name
                .chars()
                .all(|c| c.is_alphanumeric() || "_-".contains(c));
            if plain && layout.choose(&[true, true, true, false]) {
                format!(".{name}")
            } else {
                format!(".['{name}']")
            }
        }
        Step::Index(index) => format!("[{index}]"),
        Step::Wildcard if first => ".*".to_owned(),
        Step::Wildcard => layout.choose(&["[*]", ".*"]).to_owned(),
    }
}

fn value_text(value: &Value, layout: &mut Layout<'_>) -> String {
    match value {
        Value::Word(word) if layout.choose(&[true, false]) => word.clone(),
        Value::Word(text) | Value::Quoted(text) => format!("\"{text}\""),
        Value::Number(number) => number.clone(),
        Value::Regex(regex) => format!("%{regex}%"),
    }
}

fn ask_text(ask: &Ask, layout: &mut Layout<'_>) -> String {
    match ask {
        Ask::Is(value) => format!("={}{}", layout.gap(), value_text(value, layout)),
        Ask::IsNot(value) => format!("!={}{}", layout.gap(), value_text(value, layout)),
        Ask::Order(op, number) => format!("{op}{}{number}", layout.gap()),
        Ask::Words(words) => {
            let (first, second) = words.split_once(' ').unwrap();
            layout.case(first) + layout.space() + &layout.case(second)
        }
    }
}

fn tree_text<C>(
    tree: &Tree<C>,
    layout: &mut Layout<'_>,
    one: &mut impl FnMut(&C, &mut Layout<'_>) -> String,
) -> String {
    let (parts, op) = match tree {
        Tree::One(leaf) => {
            let text = one(leaf, layout);
            return match layout.choose(&[0, 0, 1, 2]) {
                0 => text,
                1 => format!("({text})"),
                _ => format!("( ({text} ))"),
            };
        }
        Tree::And(parts) => (parts, "&&"),
        Tree::Or(parts) => (parts, "||"),
    };
    let texts: Vec<String> = parts
        .iter()
        .map(|part| {
            let text = tree_text(part, layout, one);
            // Only `||` below `&&` needs parentheses.
            let needed = matches!((tree, part), (Tree::And(_), Tree::Or(_)));
            if needed || layout.choose(&[true, false]) {
                format!("({text})")
            } else {
                text
            }
        })
        .collect();
    // A word takes no `&` or `|`, but white space may stand there.
    texts.join(&format!("{}{op}{}", layout.gap(), layout.gap()))
}

fn column_text(
    column: &Column,
    names: &mut impl Iterator<Item = u32>,
    layout: &mut Layout<'_>,
) -> String {
    let name = format!("f{}", names.next().unwrap());
    match column {
        Column::Unnamed => String::new(),
        Column::Named => name,
        Column::Tested(tree) => tree_text(tree, layout, &mut |ask, layout| {
            format!("{name}{}{}", layout.gap(), ask_text(ask, layout))
        }),
    }
}
