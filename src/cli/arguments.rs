//! The grammar of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A back office for your SeaORM entities: REST API, OpenAPI, sessions, admin pages.
#[derive(Debug, Parser)]
#[command(version, disable_help_subcommand = true)]
pub(super) struct Arguments {
    /// Settings file [default: quarterdeck.toml, if it is there].
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Database: sqlite://file, postgres://… or mysql://… [default: sqlite://quarterdeck.db].
    #[arg(long, global = true, value_name = "URL")]
    pub(super) database_url: Option<String>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Answer requests until SIGTERM or Ctrl-C.
    Serve(Serve),
    /// Bring the database's tables up to date, take the last step back, or list the steps.
    Migrate {
        #[command(subcommand)]
        action: Option<Migrate>,
        /// With the tables of the demo.
        #[arg(long, global = true)]
        demo: bool,
    },
    /// Users.
    #[command(subcommand)]
    User(User),
    /// API tokens.
    #[command(subcommand)]
    Token(Token),
    /// The record of who changed what.
    #[command(subcommand)]
    Audit(Audit),
    /// Copy a SQLite database, as it is at one moment, into a new file, and look it over; servers may run.
    Backup {
        /// The file; it must not be there yet.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Look for mis-declarations; exit status 1 when there is an error.
    Check {
        /// With the models of the demo.
        #[arg(long)]
        demo: bool,
    },
    /// Check, then look at the database: connection, whether its file is whole, migrations, users.
    Doctor {
        /// With the models of the demo.
        #[arg(long)]
        demo: bool,
    },
    /// Write all records of a model to standard output.
    Export(Export),
    /// Import the rows of a file; exit status 1 when a row cannot be written.
    Import(Import),
    /// Print every setting, its value and where that came from; secrets are masked.
    Config,
    /// Print the OpenAPI document as the superuser, or as a user, sees it.
    Openapi {
        /// The user.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// With the models of the demo.
        #[arg(long)]
        demo: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Check that no audit row was changed, removed or put in since it was sealed; exit status 1, and
    /// the first such row, when one was.
    Verify {
        /// A head that is known from a log: it must be in the chain.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address and port to listen on [default: 127.0.0.1:8000].
    #[arg(long, value_name = "ADDRESS")]
    pub(super) bind: Option<String>,
    /// Register the demo shop, and fill it with data if the database is empty.
    #[arg(long)]
    pub(super) demo: bool,
    /// Do not run migrations at the start.
    #[arg(long)]
    pub(super) no_migrate: bool,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The model's name in addresses.
    #[arg(value_name = "MODEL")]
    pub(super) model: String,
    /// What to write.
    #[arg(long, value_name = "FORMAT", default_value = "csv", value_parser = ["csv", "ndjson", "xlsx"])]
    pub(super) format: String,
    /// Which records and fields, as the list takes them: 'status=open&sort=-id&fields=id,total'.
    #[arg(
        long = "where",
        value_name = "QUERY",
        default_value = "",
        hide_default_value = true
    )]
    pub(super) conditions: String,
    /// With the models of the demo.
    #[arg(long)]
    pub(super) demo: bool,
}

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The model's name in addresses.
    #[arg(value_name = "MODEL")]
    pub(super) model: String,
    /// The file; - is standard input.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// What the file is [default: what its name ends with].
    #[arg(long, value_name = "FORMAT", value_parser = ["csv", "ndjson", "xlsx"])]
    pub(super) format: Option<String>,
    /// Only make records, or change those that are there.
    #[arg(long, value_name = "MODE", default_value = "create", value_parser = ["create", "upsert"])]
    pub(super) mode: String,
    /// The unique fields that an upsert goes by: FIELD,FIELD…
    #[arg(long, value_name = "FIELDS")]
    pub(super) on: Option<String>,
    /// Columns that are not called as their fields: COLUMN:FIELD,…; COLUMN: leaves one out.
    #[arg(long, value_name = "PAIRS")]
    pub(super) map: Vec<String>,
    /// Take keys that the database would assign, and what the application sets, from the file.
    #[arg(long)]
    pub(super) keep_keys: bool,
    /// Write every good row, in lots of 500, instead of all rows or none.
    #[arg(long)]
    pub(super) good_rows: bool,
    /// Write nothing: tell what would be written.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// With the models of the demo.
    #[arg(long)]
    pub(super) demo: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Migrate {
    /// Run what has not been run yet.
    Up,
    /// Take the last migration back.
    Down,
    /// List the migrations.
    Status,
}

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Make a user; the password is read from standard input.
    Create {
        /// The login name.
        name: String,
        /// E-mail address.
        #[arg(long)]
        email: Option<String>,
        /// May do everything.
        #[arg(long)]
        superuser: bool,
        /// A role by name; may be given several times.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// Read the password from standard input.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// List the users.
    List,
    /// Suspend a user; takes effect within a second.
    Disable {
        /// The login name.
        name: String,
    },
    /// Give a user a new password, read from standard input; every session of the user ends.
    Reset {
        /// The login name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make a token; it is printed alone on standard output, once.
    Create {
        /// The owner's login name.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// What to call it.
        #[arg(long, default_value = "cli")]
        name: String,
        /// MODEL:VERB,VERB…; may be given several times. Without it: everything the owner may.
        #[arg(long = "scope", value_name = "MODEL:VERBS")]
        scopes: Vec<String>,
        /// How long it is good, such as 90d, 12h or 30m. Without it: until it is revoked.
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// List the tokens.
    List,
    /// Revoke a token; takes effect within a second.
    Revoke {
        /// Its number in the list.
        id: i64,
    },
}
