//! What became of single findings, alerts and messages.

use conftrail_core::alerting::Fate;

use super::Stores;
use super::sample::{announced, at, collecting, detection, notification, queue, shown};

/// A finding comes back with its fate, its alert with all that belongs to it, also by the beginning of its id.
pub async fn a_finding_leads_to_its_alert_and_messages(stores: &impl Stores) {
    let store = stores.open().await;
    let (found, open) = (detection("prod", 1), detection("test", 2));
    store.record_detections(&[found.clone(), open.clone()]).await.unwrap();
    let alert = announced(&collecting(&found, at(1)), at(2));
    let mut message = notification("email/ops", 1);
    message.announcement.alert.clone_from(&alert.id);
    let mut fold = queue(vec![message.clone()]);
    fold.fates.push(shown(&found, &alert));
    fold.alerts.push(alert.clone());
    store.apply(&fold).await.unwrap();

    let ids = [found.id.clone(), open.id.clone(), "never".to_owned()];
    let fates = store.detections_by_id(&ids).await.unwrap();
    let told = Fate::Announced { alert: alert.id.clone() };
    assert_eq!(fates, [(found.clone(), told.clone()), (open, Fate::Open)]);
    for id in [alert.id.as_str(), &alert.id[..8]] {
        assert_eq!(store.alert(id).await.unwrap(), Some(alert.clone()), "{id}");
    }
    assert_eq!(store.alert("ffffffff").await.unwrap(), None);
    assert_eq!(store.detections_of(&alert.id, 10).await.unwrap(), [(found, told)]);
    assert_eq!(store.notifications_of(&alert.id).await.unwrap(), [message]);
    assert_eq!(store.notifications_of("never").await.unwrap(), []);
}
