//! What the entities do not say: labels, titles, list columns, what is searched.

use quarterdeck::app::AppBuilder;

use crate::entity::{
    album, artist, customer, employee, genre, invoice, invoice_line, media_type, playlist,
    playlist_track, track,
};
use crate::views;

/// Registers the eleven tables.
#[must_use]
pub fn register(app: AppBuilder) -> AppBuilder {
    sales(catalogue(app.migrations(vec![Box::new(views::Migration)])))
}

fn catalogue(app: AppBuilder) -> AppBuilder {
    app.model::<artist::Entity>(|m| m.group("Catalogue").search([artist::Column::Name]))
        .model::<album::Entity>(|m| m.group("Catalogue").search([album::Column::Title]))
        .model::<track::Entity>(|m| {
            use track::Column::{AlbumId, Composer, GenreId, MediaTypeId, Name, UnitPrice};
            m.group("Catalogue")
                .list([Name, AlbumId, GenreId, MediaTypeId, UnitPrice])
                .search([Name, Composer])
                .filters([GenreId, MediaTypeId])
                .field(UnitPrice, |f| f.min(0.0))
                .many_to_many::<playlist::Entity>("playlists")
        })
        .model::<genre::Entity>(|m| m.group("Catalogue"))
        .model::<media_type::Entity>(|m| m.group("Catalogue"))
        .model::<playlist::Entity>(|m| {
            m.group("Catalogue")
                .search([playlist::Column::Name])
                .many_to_many::<track::Entity>("tracks")
        })
        .model::<playlist_track::Entity>(|m| m.group("Catalogue").label("Track of a playlist"))
}

fn sales(app: AppBuilder) -> AppBuilder {
    app.model::<customer::Entity>(|m| {
        use customer::Column::{City, Country, Email, FirstName, LastName, SupportRepId};
        m.group("Sales")
            .display("{first_name} {last_name}")
            .list([FirstName, LastName, City, Country, SupportRepId])
            .search([FirstName, LastName, Email])
            .filters([Country, SupportRepId])
    })
    .model::<invoice::Entity>(|m| m.group("Sales").ordering("-invoice_date"))
    .model::<invoice_line::Entity>(|m| m.group("Sales"))
    .model::<employee::Entity>(|m| {
        use employee::Column::{FirstName, LastName, ReportsTo, Title};
        m.group("Staff")
            .display("{first_name} {last_name}")
            .list([FirstName, LastName, Title, ReportsTo])
            .search([FirstName, LastName])
    })
}
