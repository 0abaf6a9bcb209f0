//! Start-up checks of the installed plugins: what they require, what they are called, their
//! settings. Their routes are checked beside all others, in `routes`.

use std::sync::Arc;

use crate::check::Finding;
use crate::config::{Config, PluginSetting};
use crate::plugin::{Manifest, Plugin};

/// Everything that is wrong with the plugins.
pub(super) fn check(config: &Config, plugins: &[Arc<dyn Plugin>]) -> Vec<Finding> {
    let manifests: Vec<Manifest> = plugins.iter().map(|p| p.manifest()).collect();
    let mut findings = missing(&manifests);
    for setting in config.plugins() {
        findings.extend(unknown(setting, &manifests));
    }
    for (plugin, manifest) in plugins.iter().zip(&manifests) {
        findings.extend(plugin.check(&manifest.settings_in(config)));
    }
    findings
}

fn missing(manifests: &[Manifest]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (i, manifest) in manifests.iter().enumerate() {
        let installed = |name: &str| manifests.iter().any(|m| m.name == name);
        for needed in manifest.requires.iter().filter(|n| !installed(n)) {
            let message = format!("it requires the plugin `{needed}`, which is not installed");
            let hint = "add it with `.plugin(…)`";
            findings.push(Finding::error("plugin.E001", manifest.name, message, hint));
        }
        if manifests[..i].iter().any(|m| m.name == manifest.name) {
            let message = "two plugins have this name".to_owned();
            let hint = "remove one";
            findings.push(Finding::error("plugin.E002", manifest.name, message, hint));
        }
    }
    findings
}

/// A setting that no plugin reads is a mistake: with a misspelt name a secret would be missing.
fn unknown(setting: &PluginSetting, manifests: &[Manifest]) -> Option<Finding> {
    let owner = manifests
        .iter()
        .filter_map(|m| Some((m, setting.key_of(m.name)?)))
        // `QUARTERDECK_PLUGIN_MAIL_QUEUE_SIZE` is of `mail_queue` where that is installed.
        .max_by_key(|(m, _)| m.name.len());
    let PluginSetting { key, source, .. } = setting;
    let Some((manifest, key)) = owner else {
        let place = setting.plugin.as_deref().unwrap_or(key);
        let message = format!("a setting of a plugin that is not installed ({source})");
        let hint = "install the plugin, or remove the setting";
        return Some(Finding::warning("plugin.W001", place, message, hint));
    };
    if manifest.declares(key) {
        return None;
    }
    let known = manifest.settings.iter();
    let known: Vec<String> = known
        .map(|(name, about)| format!("{name} ({about})"))
        .collect();
    let hint = if known.is_empty() {
        "the plugin has no settings".to_owned()
    } else {
        format!("the plugin has: {}", known.join(", "))
    };
    let message = format!("there is no setting `{key}` ({source})");
    Some(Finding::error("plugin.E003", manifest.name, message, &hint))
}
