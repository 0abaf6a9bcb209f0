"""prepare.py DOCUMENT PREPARED ADDRESS TOKEN SEED: a caller's OpenAPI document, made for schemathesis.

One way to log in. The document names three and a run uses one: with all in it, each request would
carry an invented cookie and key beside the real token.

Keys of real records, as examples: an invented key is nearly always a 404, and nothing is learned of
the record's schema. For the same reason, values of `If-Match` that are entity tags.

A sample of the conditions of each list. A list takes up to some hundred (`price__gte`,
`author.name__in`), all described by the same few lines of code, and schemathesis sends about ten
requests for each with all the others beside it: tens of thousands of requests, all refused, because
one may have only so many conditions. Here each list keeps CONDITIONS of them, few enough to be
answered together, and each filter tree MEMBERS: those whose kind (operator, type, field of its own
or of a related record) was kept least often before. Every kind in the document is kept at least
once; the seed chooses among equals. `page`, `offset` and `cursor` exclude each other: each list
keeps one, in turn.

Empty names in lists of names: see `allow_empty_lists`.

Nothing else is changed or left out: every operation, every other parameter, all bodies and all
answers.
"""

import collections
import hashlib
import json
import sys
import urllib.request

# Of each list. QUARTERDECK_QUERY_MAX_CONDITIONS must be more: kinds may be added to a list.
CONDITIONS = 24

# Of what else takes a list's conditions: they are the same ones, read by the same lines.
FEW = 4
MORE = ("/_aggregate", "/_export")

# Of each filter tree; a tree holds trees.
MEMBERS = 8

# Of every four lists. No value that can be invented is a cursor, so that it is the rarest.
POSITIONS = ["page", "offset", "page", "cursor"]

# What a list takes beside conditions (`RESERVED` in src/query/parse.rs).
GRAMMAR = {"sort", "q", "fields", "expand", "limit", "cursor", "page", "offset", "count", "trash"}

# And what those others take (`src/query/parse`).
MEASURES = {"format", "group_by", "bucket", "distinct", "sum", "avg", "min", "max"}

# Variable parts of a path that are no key of a record. The sources are set by api.sh.
NAMED = {
    "/api/v1/_models/{model}": "book",
    "/api/webhooks/standard/{source}": "shop",
    "/api/webhooks/github/{source}": "forge",
}


def bearer_only(document):
    schemes = document["components"]["securitySchemes"]
    for name in [name for name in schemes if name != "bearer"]:
        del schemes[name]
    items = [item.values() for item in document["paths"].values()]
    operations = [o for item in items for o in item if isinstance(o, dict)]
    for place in [document, *operations]:
        kept = [way for way in place.get("security", []) if not way or "bearer" in way]
        if place.get("security"):
            place["security"] = kept or [{"bearer": []}]


class Server:
    def __init__(self, address, token):
        self.address = address
        self.token = token

    def get(self, path):
        request = urllib.request.Request(self.address + path)
        request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def show_records(document, server):
    """Gives each path with a variable part the value of something that is there."""
    shown = 0
    for path, item in document["paths"].items():
        collection, _, last = path.rpartition("/")
        operations = [o for o in item.values() if isinstance(o, dict)]
        parameters = [*item.get("parameters", []), *(p for o in operations for p in o.get("parameters", []))]
        own = next((p for p in parameters if p.get("in") == "path"), None)
        value = NAMED.get(path)
        if last == "{id}" and "get" in document["paths"].get(collection, {}):
            key, query = ["id"], ""
            if collection.startswith("/api/v1/_"):
                query = "?limit=1"
                key = ["change_set"] if collection.endswith("/_changes") else key
            elif collection.startswith("/api/v1/"):
                key = server.get(collection.replace("/api/v1/", "/api/v1/_models/"))["key"]
                # The first that was made: who asks, and its token, came last.
                query = f"?limit=1&sort={','.join(key)}"
            for record in server.get(collection + query)["data"][:1]:
                parts = [record[name] for name in key]
                value = parts if own["schema"]["type"] == "array" else parts[0]
        if value is not None:
            own["example"] = value
            shown += 1
    return f"{shown} paths lead to something that is there"


def allow_empty_lists(document):
    """`fields=` is the empty list, which is valid; it is also how a list of one empty name is written."""
    for item in document["paths"].values():
        for parameter in item.get("get", {}).get("parameters", []):
            if parameter.get("name") in ("sort", "fields", "expand"):
                schema = parameter["schema"]
                schema["items"] = {"anyOf": [schema["items"], {"type": "string", "maxLength": 0}]}


def show_conditions(document):
    """`*` first, so that a write is not refused for what was invented; then a tag of no record."""
    parameter = document["components"]["parameters"].get("If-Match")
    if parameter:
        parameter["examples"] = {"there": {"value": "*"}, "stale": {"value": '"0"'}}


def resolved(document, parameter):
    reference = parameter.get("$ref", "")
    return document["components"]["parameters"][reference.split("/")[-1]] if reference else parameter


def shape(schema):
    """The type, without what differs from field to field: names, choices and bounds."""
    if "$ref" in schema:
        return schema["$ref"]
    if "items" in schema:
        return [shape(schema["items"])]
    parts = [shape(part) for part in schema.get("oneOf", [])]
    return [schema.get("type"), schema.get("format"), "enum" in schema, "pattern" in schema, parts]


def kind(name, schema):
    path, _, operator = name.partition("__")
    return json.dumps([operator or "eq", "." in path, shape(schema)])


class Choice:
    """Which conditions are kept, list after list."""

    def __init__(self, seed):
        self.seed = seed
        self.lists = []
        self.kept = collections.Counter()

    def add(self, name, conditions, most):
        """Chooses among a list's conditions, which are kinds by name; `complete` may add some."""
        left = sorted(conditions, key=lambda c: hashlib.sha256(f"{self.seed} {name} {c}".encode()).digest())
        chosen = set()
        while left and len(chosen) < most:
            # The first of the least: the order above decides among equals.
            least = min(left, key=lambda c: self.kept[conditions[c]])
            left.remove(least)
            chosen.add(least)
            self.kept[conditions[least]] += 1
        self.lists.append((conditions, chosen))
        return chosen

    def complete(self):
        """Adds what is of a kind that no list had room for."""
        for conditions, chosen in self.lists:
            for condition, of_kind in conditions.items():
                if not self.kept[of_kind]:
                    chosen.add(condition)
                    self.kept[of_kind] += 1

    def __str__(self):
        few = sum(len(chosen) for _, chosen in self.lists)
        many = sum(len(conditions) for conditions, _ in self.lists)
        return f"{few} of {many} conditions, all {len(self.kept)} kinds, on {len(self.lists)} models"


def is_dropped(position, index):
    return position in POSITIONS and position != POSITIONS[index % len(POSITIONS)]


def sample_parameters(document, seed):
    choice = Choice(seed)
    places = []
    for path, item in document["paths"].items():
        operation = item.get("get", {})
        named = [(resolved(document, p), p) for p in operation.get("parameters", [])]
        is_list = any(p["name"] == "cursor" for p, _ in named)
        if not is_list and not path.endswith(MORE):
            continue
        conditions = {
            p["name"]: kind(p["name"], p["schema"])
            for p, _ in named
            if p["in"] == "query" and p["name"] not in (GRAMMAR if is_list else GRAMMAR | MEASURES)
        }
        most = CONDITIONS if is_list else FEW
        places.append((operation, named, conditions, choice.add(path, conditions, most)))
    choice.complete()
    for index, (operation, named, conditions, chosen) in enumerate(places):
        operation["parameters"] = [
            parameter
            for p, parameter in named
            if p["name"] in chosen or (p["name"] not in conditions and not is_dropped(p["name"], index))
        ]
    return choice


def sample_trees(document, seed):
    choice = Choice(seed)
    schemas = document["components"]["schemas"]
    places = []
    for name in [name for name in schemas if name.endswith(".where")]:
        members = schemas[name]["properties"]
        conditions = {m: kind(m, schema) for m, schema in members.items() if m not in ("and", "or", "not")}
        places.append((members, conditions, choice.add(name, conditions, MEMBERS)))
    choice.complete()
    for members, conditions, chosen in places:
        for name in conditions.keys() - chosen:
            del members[name]
    for index, name in enumerate(name for name in schemas if name.endswith(".search")):
        members = schemas[name]["properties"]
        for member in [member for member in members if is_dropped(member, index)]:
            del members[member]
    return choice


def main(source, target, address, token, seed):
    with open(source, encoding="utf-8") as file:
        document = json.load(file)
    bearer_only(document)
    print(show_records(document, Server(address, token)))
    show_conditions(document)
    allow_empty_lists(document)
    print("parameters:", sample_parameters(document, seed))
    print("filter trees:", sample_trees(document, seed))
    with open(target, "w", encoding="utf-8") as file:
        json.dump(document, file)


main(*sys.argv[1:])
