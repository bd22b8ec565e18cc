//! `VirusTotal`: `GET /api/v3/files/{digest}` with the header `x-apikey`.
//!
//! Sources: <https://docs.virustotal.com/reference/file-info>,
//! <https://docs.virustotal.com/reference/errors>.

use serde_json::json;

use super::{Rules, has_key, only, step, unchanged};
use crate::{Asked, Canned};

/// The three digests of the EICAR test file, by each of which it is found.
const EICAR: [&str; 3] = [
    "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f", // pragma: allowlist secret
    "3395856ce81f2b7382dee72602f798b642f14140",                         // pragma: allowlist secret
    "44d88612fea8a8f36de82e1278abb02f",                                 // pragma: allowlist secret
];

pub(super) const RULES: Rules = Rules {
    key: |asked| step(asked, &["api", "v3", "files", "*"]),
    canonical: str::to_ascii_lowercase,
    refusal: |asked| only("GET", asked).or_else(|| no_key(asked)),
    unknown: |asked, _book| {
        error("NotFoundError", &format!("File \"{}\" not found", asked.key), 404)
    },
    finish: unchanged,
    samples: || {
        let sample = Canned::json(include_str!("../../samples/virustotal/eicar.example.json"));
        EICAR.into_iter().map(|digest| (digest, sample.clone())).collect()
    },
};

fn no_key(asked: &Asked) -> Option<Canned> {
    if asked.header("x-apikey").is_none() {
        return Some(error("AuthenticationRequiredError", "X-Apikey header is missing", 401));
    }
    (!has_key(asked, "x-apikey")).then(|| error("WrongCredentialsError", "Wrong API key", 401))
}

fn error(code: &str, message: &str, status: u16) -> Canned {
    Canned::json(json!({"error": {"code": code, "message": message}}).to_string())
        .with_status(status)
}
