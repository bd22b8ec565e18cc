//! Applies, rolls back and lists the schema's steps: `cargo xtask db` calls it.

#![expect(clippy::print_stdout, reason = "a tool talks to its terminal")]

use anyhow::{Context as _, Result};
use clap::Parser;
use cowrie_migration::{StepReport, down, status, up};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Up {
        #[arg(long)]
        url: String,
        #[arg(long)]
        to: Option<u32>,
    },
    Down {
        #[arg(long)]
        url: String,
        #[arg(long)]
        to: u32,
    },
    Status {
        #[arg(long)]
        url: String,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().verb {
        Verb::Up { url, to } => print_steps(&up(&connect(&url).await?, to).await?),
        Verb::Down { url, to } => print_steps(&down(&connect(&url).await?, to).await?),
        Verb::Status { url } => print_status(&connect(&url).await?).await?,
    }
    Ok(())
}

async fn connect(url: &str) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url.to_owned());
    options.sqlx_logging(false);
    Database::connect(options).await.context("could not open the database")
}

fn print_steps(steps: &[StepReport]) {
    for step in steps {
        let milliseconds = step.duration.as_secs_f64() * 1000.0;
        println!("v{:<4} {:<32} {milliseconds:>8.1} ms", step.number, step.name);
    }
    println!("{} steps", steps.len());
}

async fn print_status(db: &DatabaseConnection) -> Result<()> {
    let status = status(db).await?;
    println!("v{} of v{}, made by {:?}", status.version, status.newest, status.origin);
    for step in &status.steps {
        let word = if step.is_applied { "applied" } else { "missing" };
        println!("v{:<4} {:<32} {word}", step.number, step.name);
    }
    println!("vectors: {:?}", status.vectors);
    Ok(())
}
