//! The third parties.

use std::collections::BTreeMap;

use codestream_protocol::ProviderId;
use codestream_protocol::http::ProviderRow;

use crate::app::Origins;
use crate::config::Config;
use crate::random::Random;

/// Lower-case names of every third party that there is code for.
pub(crate) const NAMES: &[&str] = &["github", "trello"];

/// The third parties that are set up.
#[derive(Debug, Default)]
pub(crate) struct Registry;

impl Registry {
    /// From the configuration; with a sandbox, every third party, at its imitation.
    pub(crate) fn new(_config: &Config, _origins: &Origins, _random: &Random) -> Self {
        Self
    }

    /// The rows that clients see.
    pub(crate) fn rows(&self) -> BTreeMap<ProviderId, ProviderRow> {
        BTreeMap::new()
    }
}
