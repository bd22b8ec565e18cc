//! What the program says.

use cowrie_cli::args::Format;
use cowrie_cli::table::{Align, Table};
use cowrie_cli::{print_table, rows_at, safe};
use cowrie_migration::{Status, StepReport, StepStatus};
use cowrie_store::Target;
use serde_json::{Value, json};

const NOTHING_TO_DO: &str = "Nothing to do: the schema is as it should be.\n";

/// The steps that were done.
pub(crate) fn steps(did: &str, steps: &[StepReport], format: Format) -> anyhow::Result<()> {
    let document = || {
        let step = |step: &StepReport| json!({ "step": step.number, "name": step.name, "seconds": step.duration.as_secs_f64() });
        json!({ "schema": "cowrie-db.steps/1", "did": did, "steps": steps.iter().map(step).collect::<Vec<_>>() })
    };
    let text = || {
        if steps.is_empty() {
            return NOTHING_TO_DO.to_owned();
        }
        let line = |step: &StepReport| {
            format!(
                "{did} v{} {} in {:.3} s\n",
                step.number,
                step.name,
                step.duration.as_secs_f64()
            )
        };
        steps.iter().map(line).collect()
    };
    print_table(format, document, text, "step,name,seconds", |all| rows_at(all, "steps"))
}

/// The steps that would be done.
pub(crate) fn plan(steps: &[(u32, &str)], format: Format) -> anyhow::Result<()> {
    let document = || {
        let step = |(number, name): &(u32, &str)| json!({ "step": number, "name": name });
        json!({ "schema": "cowrie-db.plan/1", "steps": steps.iter().map(step).collect::<Vec<_>>() })
    };
    let text = || {
        if steps.is_empty() {
            return NOTHING_TO_DO.to_owned();
        }
        let line = |(number, name): &(u32, &str)| format!("would apply v{number} {name}\n");
        steps.iter().map(line).collect()
    };
    print_table(format, document, text, "step,name", |all| rows_at(all, "steps"))
}

/// Which steps the database has.
pub(crate) fn status(target: &Target, status: &Status, format: Format) -> anyhow::Result<()> {
    let document = || {
        let step = |step: &StepStatus| json!({ "step": step.number, "name": step.name, "applied": step.is_applied });
        json!({
            "schema": "cowrie-db.status/1",
            "database": target.to_string(),
            "version": status.version,
            "newest": status.newest,
            "made_by": format!("{:?}", status.origin).to_lowercase(),
            "vectors": format!("{:?}", status.vectors),
            "steps": status.steps.iter().map(step).collect::<Vec<_>>(),
        })
    };
    let text = || {
        let mut table =
            Table::new(&[("STEP", Align::Right), ("NAME", Align::Left), ("APPLIED", Align::Left)]);
        for step in &status.steps {
            let applied = if step.is_applied { "yes" } else { "no" };
            table.row([&format!("v{}", step.number), step.name, applied]);
        }
        let shown = target.to_string();
        format!(
            "{}: version {} of {}\n\n{table}\nvectors: {}\n",
            safe::terminal(&shown),
            status.version,
            status.newest,
            status.vectors
        )
    };
    print_table(format, document, text, "step,name,applied", |all| rows_at(all, "steps"))
}

/// What is not as it should be.
pub(crate) fn differences(
    target: &Target,
    differences: &[String],
    format: Format,
) -> anyhow::Result<()> {
    let document = || {
        json!({
            "schema": "cowrie-db.check/1",
            "database": target.to_string(),
            "differences": differences,
        })
    };
    let text = || {
        if differences.is_empty() {
            return "The schema is as it should be.\n".to_owned();
        }
        let lines: Vec<_> = differences.iter().map(|text| safe::terminal(text)).collect();
        lines.join("\n") + "\n"
    };
    let rows = |_: &Value| {
        let row = |difference: &String| json!({ "difference": difference });
        differences.iter().map(row).collect()
    };
    print_table(format, document, text, "difference", rows)
}
