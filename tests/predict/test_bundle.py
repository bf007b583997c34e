"""A bundle loads exactly what was saved, or is refused: there is nothing in between, and nothing in it runs."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import random
import struct
import tracemalloc
import zipfile
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadml.errors import BundleError
from leadml.predict import bundle, load_scorer, save_scorer
from leadml.predict.policy import Policy

JSON_PARTS = ["columns.json", "features.json", "policy.json", "facts.json", "rulebook.json", "answers.json"]
few = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def content(scorer, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "good.leadml"
    save_scorer(scorer, path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def parts(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.fixture
def load(tmp_path):
    def load_bytes(content, **given):
        path = tmp_path / "any.leadml"
        path.write_bytes(content)
        return load_scorer(path, **given)

    return load_bytes


@pytest.fixture
def refuse(load):
    def refusal(content, **given):
        with pytest.raises(BundleError) as refused:
            load(content, **given)
        return str(refused.value)

    return refusal


def packed(members, *, seal=None, method=zipfile.ZIP_DEFLATED):
    """An archive of the members as they are; by default with the seal of its manifest."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members if isinstance(members, list) else members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
        manifest = dict(members).get("manifest.json", b"")
        archive.comment = hashlib.sha256(manifest).hexdigest().encode() if seal is None else seal
    return buffer.getvalue()


def forged(parts, format_number=1, **changed):
    """A bundle with other parts and digests to match: what a forger, or a bug, could write."""
    members = {
        name: data for name, data in {**parts, **changed}.items() if name != "manifest.json" and data is not None
    }
    listed = {name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in members.items()}
    manifest = json.dumps({"format": format_number, "parts": listed}).encode()
    return packed({"manifest.json": manifest, **members})


def edited(parts, name, edit):
    """A forged bundle whose JSON part `name` was edited in place by `edit`."""
    tree = json.loads(parts[name])
    edit(tree)
    return forged(parts, **{name: json.dumps(tree).encode()})


def same(left, right):
    """Whether two scorers are the same to the last bit."""
    arrays = [
        [
            *(feature.edges for feature in scorer.features),
            *scorer.tables.main,
            *(array for pair in scorer.tables.pairs for array in (pair.left_map, pair.right_map, pair.table)),
        ]
        for scorer in (left, right)
    ]
    plain = [
        (
            scorer.columns,
            [(f.name, f.column, f.kind, f.group, f.label, f.levels) for f in scorer.features],
            (scorer.tables.intercept, scorer.tables.rules_weight, [(p.left, p.right) for p in scorer.tables.pairs]),
            (scorer.policy, scorer.rulebook, scorer.facts, scorer.answers),
        )
        for scorer in (left, right)
    ]
    shapes = [[(array.shape, array.tobytes()) for array in side] for side in arrays]
    return plain[0] == plain[1] and shapes[0] == shapes[1]


@few
@given(data=st.data())
def test_what_is_loaded_is_what_was_saved_to_the_last_bit(worlds, data, tmp_path):
    made, rows = data.draw(worlds)
    path = tmp_path / "Größe 名前.leadml"
    saved = save_scorer(made, path)
    loaded = load_scorer(path, saved.digest)
    assert same(loaded, made)
    assert loaded.digest == saved.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.score(rows).equals(saved.score(rows))


def test_the_same_scorer_gives_the_same_bytes_on_every_way_round(scorer, load, content, tmp_path):
    save_scorer(load(content), tmp_path / "again.leadml")
    assert (tmp_path / "again.leadml").read_bytes() == content


def test_saving_replaces_a_bundle_and_leaves_nothing_else(scorer, tmp_path):
    folder = tmp_path / "new" / "folder"
    for intercept in (1.0, 2.0):
        save_scorer(replace(scorer, tables=replace(scorer.tables, intercept=intercept)), folder / "m.leadml")
        assert load_scorer(folder / "m.leadml").tables.intercept == intercept
    assert [path.name for path in folder.iterdir()] == ["m.leadml"]


def test_a_bundle_that_cannot_be_written_leaves_nothing_behind(scorer, tmp_path):
    (tmp_path / "m.leadml").mkdir()
    with pytest.raises(BundleError, match=r"m\.leadml: the bundle cannot be written .*Choose another folder\.$"):
        save_scorer(scorer, tmp_path / "m.leadml")
    assert [path.name for path in tmp_path.iterdir()] == ["m.leadml"]
    (tmp_path / "file").touch()
    with pytest.raises(BundleError, match="cannot be written"):
        save_scorer(scorer, tmp_path / "file" / "m.leadml")


def test_a_scorer_that_could_not_be_loaded_is_not_saved(scorer, tmp_path):
    broken = replace(scorer, tables=replace(scorer.tables, intercept=float("inf")))
    (dimension, *others) = scorer.rulebook.dimensions
    (rule, *rules) = dimension.rules
    unresolved = replace(rule, when=tuple(replace(condition, column=None) for condition in rule.when))
    dimensions = (replace(dimension, rules=(unresolved, *rules)), *others)
    for wrong in (
        replace(scorer, rulebook=replace(scorer.rulebook, dimensions=dimensions)),
        replace(scorer, columns=()),
    ):
        with pytest.raises(BundleError, match="not written, as it could not be loaded again"):
            save_scorer(wrong, tmp_path / "m.leadml")
    with pytest.raises((BundleError, ValueError)):
        save_scorer(broken, tmp_path / "m.leadml")
    assert not list(tmp_path.iterdir())


def test_whole_number_cutoffs_and_bounds_survive(scorer, tmp_path):
    whole = replace(scorer, policy=Policy((1, 1, 0), mql=1, sql=1, sql_needs_intent=True))
    save_scorer(whole, tmp_path / "m.leadml")
    assert load_scorer(tmp_path / "m.leadml").policy == whole.policy


def test_a_missing_or_unreadable_file_is_named(tmp_path, load, refuse):
    for path in (tmp_path / "absent.leadml", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(
            BundleError, match=r"the bundle cannot be read \(.*\)\. Check the path, or train a model\.$"
        ):
            load_scorer(path)
    for nothing in (b"", b"PK", b"leads,won\n1,0\n", b"\x80\x04N."):
        assert "it is not a readable bundle" in refuse(nothing)


def test_the_callers_digest_is_checked_before_anything_is_parsed(content, load, refuse, monkeypatch):
    def parse(*_, **__):
        raise AssertionError("parsed before the digest was checked")

    for module, name in ((bundle.zipfile, "ZipFile"), (bundle, "parse_json"), (bundle, "read_parts")):
        monkeypatch.setattr(module, name, parse)
    message = refuse(content, digest="0" * 64)
    assert hashlib.sha256(content).hexdigest() in message
    assert "0" * 64 in message
    monkeypatch.undo()
    assert load(content, digest=hashlib.sha256(content).hexdigest()).digest


def test_nothing_is_built_from_a_changed_bundle(parts, refuse, monkeypatch):
    built = []
    monkeypatch.setattr(bundle, "read_parts", built.append)
    for name in parts:
        changed = {**parts, name: parts[name] + b" "}
        refuse(packed(changed, seal=hashlib.sha256(parts["manifest.json"]).hexdigest().encode()))
    assert not built


def test_one_changed_byte_in_any_part_or_the_manifest_is_refused(parts, refuse):
    seal = hashlib.sha256(parts["manifest.json"]).hexdigest().encode()
    chance = random.Random(0)
    for name, data in parts.items():
        for position in {0, len(data) - 1, *(chance.randrange(len(data)) for _ in range(25))} if data else ():
            changed = bytearray(data)
            changed[position] ^= 1 << chance.randrange(8)
            message = refuse(packed({**parts, name: bytes(changed)}, seal=seal))
            assert (
                "its manifest was changed" if name == "manifest.json" else f"its part {name} was changed"
            ) in message


def test_a_manifest_with_a_new_seal_still_has_to_match_its_parts(parts, refuse):
    manifest = json.loads(parts["manifest.json"])
    manifest["parts"]["main.f64"]["bytes"] += 1
    assert "its part main.f64 was changed" in refuse(packed({**parts, "manifest.json": json.dumps(manifest).encode()}))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_anywhere_in_the_file_is_refused_or_changes_nothing(content, load, scorer, data):
    position = data.draw(st.integers(0, len(content) - 1) | st.integers(1, 900).map(lambda n: len(content) - n))
    changed = bytearray(content)
    changed[position] ^= data.draw(st.integers(1, 255))
    try:
        loaded = load(bytes(changed))
    except BundleError:
        return
    assert same(loaded, scorer)


@few
@given(data=st.data())
def test_a_file_cut_grown_or_shuffled_is_refused_or_changes_nothing(content, load, scorer, data):
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    filler = data.draw(st.binary(max_size=50))
    changed = data.draw(
        st.sampled_from(
            [
                content[:start],
                content[stop:],
                content[:start] + filler + content[stop:],
                filler + content,
                content + filler,
                content[:start] + content[start:stop][::-1] + content[stop:],
            ]
        )
    )
    try:
        loaded = load(changed)
    except BundleError:
        return
    assert same(loaded, scorer)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(refuse, rubbish):
    refuse(rubbish)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_a_forged_part_is_refused_or_gives_a_scorer_that_scores(parts, load, rows_of, data):
    """With digests that match, what is in the parts decides; what loads must also work."""
    name = data.draw(st.sampled_from(sorted(set(parts) - {"manifest.json"})))
    changed = bytearray(parts[name])
    for _ in range(data.draw(st.integers(1, 3))):
        if changed:
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        loaded = load(forged(parts, **{name: bytes(changed)}))
    except BundleError:
        return
    assert np.isfinite(loaded.log_odds(rows_of(loaded, 1, 5))).all()
    loaded.score(rows_of(loaded, 1, 5))


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_value_anywhere_in_the_json_is_refused_or_scores(parts, load, rows_of, data):
    name = data.draw(st.sampled_from(JSON_PARTS))
    tree = {"top": json.loads(parts[name])}
    node, key = tree, "top"
    while isinstance(node[key], dict | list) and node[key] and data.draw(st.integers(0, 9)):
        node = node[key]
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
    if data.draw(st.booleans()) and node is not tree:
        del node[key]
    else:
        node[key] = data.draw(junk)
    try:
        loaded = load(forged(parts, **{name: json.dumps(tree["top"]).encode("utf-8", "surrogatepass")}))
    except BundleError:
        return
    assert np.isfinite(loaded.log_odds(rows_of(loaded, 1, 5))).all()
    loaded.score(rows_of(loaded, 1, 5))


@pytest.mark.parametrize(
    "name",
    [
        "../main.f64",
        "/etc/passwd",
        "..\\main.f64",
        "C:\\main.f64",
        "parts/main.f64",
        "main.f64/",
        "code.py",
        "main.pkl",
        "",
    ],
)
def test_names_that_no_bundle_has_are_refused_and_nothing_is_unpacked(parts, refuse, name, tmp_path):
    assert "it holds parts that no bundle has" in refuse(packed({**parts, name: b"x"}))
    assert [path.name for path in tmp_path.iterdir()] == ["any.leadml"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(parts, refuse):
    for name in ("main.f64", "manifest.json"):
        assert "it holds parts that no bundle has" in refuse(packed([*parts.items(), (name, parts[name])]))


def test_missing_and_extra_parts_are_refused(parts, refuse):
    for name in sorted(set(parts) - {"manifest.json", "rulebook.json", "answers.json"}):
        without = {other: data for other, data in parts.items() if other != name}
        assert "its parts are not those that its manifest lists" in refuse(packed(without))
        assert "its parts are not those that its manifest lists" in refuse(forged(without))
    unlisted = forged({name: data for name, data in parts.items() if name != "rulebook.json"})
    with zipfile.ZipFile(io.BytesIO(unlisted)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    assert "its parts are not those" in refuse(packed({**members, "rulebook.json": parts["rulebook.json"]}))
    assert "it has no manifest" in refuse(packed({k: v for k, v in parts.items() if k != "manifest.json"}))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda one: one.update(column="nowhere"),
        lambda one: one.update(values=one["values"] + one["values"][:1]),
        lambda one: one.update(values=[None] * len(one["values"])),
        lambda one: one.update(values=[""] * len(one["values"])),
        lambda one: one.update(shares=[[0.5 * share for share in part] for part in one["shares"]]),
        lambda one: one.update(bounds=[1.0, 1.0]),
        lambda one: one.update(bounds=[*one["bounds"], 1e6]),
    ],
)
def test_answers_that_are_none_of_the_questions_are_refused(parts, refuse, wrong):
    message = refuse(edited(parts, "answers.json", lambda seen: wrong(seen[0])))
    assert "its answers are none of its questions'" in message
    twice = refuse(edited(parts, "answers.json", lambda seen: seen.append(seen[0])))
    assert "its answers are none of its questions'" in twice


@pytest.mark.parametrize("number", [0, 3, "1", None, 1.0, True, [1]])
def test_an_unknown_format_number_is_refused_by_name(parts, refuse, number):
    assert f"its format is {number!r}, and this version of leadml reads formats 1 and 2" in refuse(
        forged(parts, number)
    )


@pytest.mark.parametrize(
    "manifest", [b"[]", b"3", b"{}", b'{"format": 1}', b'{"format": 1, "parts": []}', b"\xff", b"{"]
)
def test_a_manifest_of_another_shape_is_refused(parts, refuse, manifest):
    assert refuse(packed({**parts, "manifest.json": manifest}))


def _with_claimed_size(content, name, size):
    """The archive with another unpacked size for one member, in its directory and before its data."""
    changed = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        local = archive.getinfo(name).header_offset + 22
    central = content.index(b"PK\x01\x02", 0)
    while changed[central + 46 : central + 46 + len(name)] != name.encode():
        central = content.index(b"PK\x01\x02", central + 1)
    for position in (local, central + 24):
        changed[position : position + 4] = struct.pack("<I", size)
    return bytes(changed)


def test_a_member_that_claims_too_much_is_refused_before_it_is_unpacked(content, refuse, monkeypatch):
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    assert "its parts claim more than 256 MiB" in refuse(_with_claimed_size(content, "facts.json", 2**31))


def test_a_bomb_that_claims_to_be_small_never_fills_the_memory(parts, refuse):
    bomb = _with_claimed_size(packed({**parts, "facts.json": b" " * 2**27}), "facts.json", 1000)
    tracemalloc.start()
    try:
        assert refuse(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_a_file_too_large_for_a_bundle_is_not_even_read(tmp_path, monkeypatch):
    path = tmp_path / "huge.leadml"
    with path.open("wb") as file:
        file.truncate(2**28 + 1)
    monkeypatch.setattr(type(path), "read_bytes", lambda _: pytest.fail("read"))
    with pytest.raises(BundleError, match="larger than 256 MiB"):
        load_scorer(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_way_of_packing_is_refused(parts, refuse, method):
    assert "its parts are packed in a way that no bundle uses" in refuse(packed(parts, method=method))


class Runs:
    """What a pickle would run, were it ever opened."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def test_pickled_content_is_never_opened(parts, refuse):
    pickled = pickle.dumps(Runs())
    refuse(pickled)
    for name in sorted(set(parts) - {"manifest.json"}):
        refuse(forged(parts, **{name: pickled}))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("facts.json", "[" * 200_000, "its part facts.json is not valid JSON"),
        ("facts.json", '{"a":' * 100_000 + "1" + "}" * 100_000, "its part facts.json is not valid JSON"),
        ("facts.json", '{"a": NaN}', "its part facts.json is not valid JSON"),
        ("facts.json", '{"a": 1e999}', "its part facts.json is not valid JSON"),
        ("facts.json", '{"a": "\\ud800"}', "its part facts.json is not valid JSON"),
        ("facts.json", "1" * 5000, "its part facts.json is not valid JSON"),
        ("facts.json", "[]", "its facts are not a table"),
        ("columns.json", "{", "its part columns.json is not valid JSON"),
        ("columns.json", "[]", "a feature's column is not in its contract"),
        ("rulebook.json", "{}", "problems"),
    ],
)
def test_text_that_is_no_part_is_refused(parts, refuse, name, text, said):
    assert said in refuse(forged(parts, **{name: text.encode()}))


def _floats(parts, name, position, value):
    array = np.frombuffer(parts[name], "<f8").copy()
    array[position] = value
    return array.tobytes()


@pytest.mark.parametrize("name", ["main.f64", "pairs.f64", "edges.f64"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [0, -1])
def test_a_number_that_is_not_finite_is_refused(parts, refuse, name, value, position):
    message = refuse(forged(parts, **{name: _floats(parts, name, position, value)}))
    assert "a number is not finite" in message


def test_a_single_edge_that_is_no_number_is_refused(scorer, load, tmp_path):
    feature = next(feature for feature in scorer.features if feature.kind == "number")
    lone = replace(
        scorer,
        features=(replace(feature, edges=np.array([np.nan])),),
        tables=replace(scorer.tables, main=(np.zeros(3),), pairs=()),
    )
    with pytest.raises(BundleError, match="a number is not finite"):
        save_scorer(lone, tmp_path / "m.leadml")


def test_edges_that_do_not_ascend_are_refused(parts, refuse):
    edges = np.frombuffer(parts["edges.f64"], "<f8")[::-1].tobytes()
    assert "a feature's edges do not ascend" in refuse(forged(parts, **{"edges.f64": edges}))


@pytest.mark.parametrize("name", ["main.f64", "pairs.f64", "edges.f64", "maps.u16"])
def test_arrays_of_another_length_are_refused(parts, refuse, name):
    assert "an array is shorter than its features say" in refuse(forged(parts, **{name: parts[name][:-8]}))
    assert "an array is longer than its features say" in refuse(forged(parts, **{name: parts[name] + b"\0" * 8}))
    assert "its parts do not fit together" in refuse(forged(parts, **{name: parts[name] + b"\0"}))


def test_a_map_that_points_outside_its_table_is_refused(parts, refuse):
    maps = np.frombuffer(parts["maps.u16"], "<u2").copy()
    for position in (0, -1):
        changed = maps.copy()
        changed[position] = 60_000
        assert "a pair's maps and table do not fit" in refuse(forged(parts, **{"maps.u16": changed.tobytes()}))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda tree: tree["pairs"][0].update(left=-1), "a pair's maps and table do not fit|array is"),
        (lambda tree: tree["pairs"][0].update(right=10**6), "IndexError"),
        (
            lambda tree: tree["pairs"][0].update(shape=[int(np.prod(tree["pairs"][0]["shape"]))]),
            "a pair's maps and table",
        ),
        (lambda tree: tree["pairs"][0].update(shape=[2**40, 2**40]), "an array is shorter"),
        (lambda tree: tree["pairs"][0].update(shape=[-3, -3]), "its parts do not fit together"),
        (lambda tree: tree["features"][0].update(levels=[1, 2]), "is not a text|array is"),
        (lambda tree: tree["features"][0].update(kind="code"), "KeyError"),
        (lambda tree: tree["features"][0].update(group="other"), "a feature is of an unknown kind"),
        (lambda tree: tree["features"][0].update(column="elsewhere"), "a feature's column is not in its contract"),
        (lambda tree: tree["features"][0].update(run="rm -rf"), "TypeError"),
        (lambda tree: tree.update(intercept=10**400), "OverflowError"),
        (lambda tree: tree.update(intercept="1e999"), "a number is not finite"),
        (lambda tree: tree.pop("pairs"), "KeyError"),
        (dict.clear, "KeyError"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(parts, refuse, edit, said):
    message = refuse(edited(parts, "features.json", edit))
    assert any(each in message for each in said.split("|")), message


@pytest.mark.parametrize(
    "change",
    [
        {"grade_bounds": [0.5, 0.3]},
        {"grade_bounds": [0.1, 0.3, 0.5]},
        {"grade_bounds": [1.5, 0.3, 0.1]},
        {"mql": "0.5"},
        {"mql": True},
        {"sql": -0.1},
        {"sql_needs_intent": 1},
    ],
)
def test_a_policy_that_is_none_is_refused(parts, refuse, change):
    message = refuse(edited(parts, "policy.json", lambda tree: tree.update(change)))
    assert "its policy is none: no probabilities in order" in message


def test_a_contract_with_a_name_twice_or_another_kind_is_refused(parts, refuse):
    assert "two columns have one name" in refuse(edited(parts, "columns.json", lambda tree: tree.append(tree[0])))
    kinds = {"number": "time", "time": "category", "category": "number"}
    changed = edited(parts, "columns.json", lambda tree: tree[0].update(kind=kinds[tree[0]["kind"]]))
    assert "a feature's column is not in its contract, or of another kind" in refuse(changed)
    assert "is not a text" in refuse(edited(parts, "columns.json", lambda tree: tree[0].update(label=["x"])))


def test_a_rule_about_an_unknown_column_is_refused(parts, refuse):
    def elsewhere(tree):
        tree["dimension"][0].update(column="elsewhere")

    def unresolved(tree):
        tree["dimension"][0]["rule"][0].pop("of_column")

    for change in (elsewhere, unresolved):
        assert "a rule's column is not in its contract" in refuse(edited(parts, "rulebook.json", change))


def test_parts_read_back_as_they_stand_in_the_file(scorer, parts):
    plain = {"phrase": {"pattern": "value", "subject": "", "days": None}}  # which need not be said
    assert [plain | entry for entry in json.loads(parts["columns.json"])] == list(map(asdict, scorer.columns))
    assert np.frombuffer(parts["main.f64"], "<f8").tolist() == [
        value for table in scorer.tables.main for value in table
    ]
    assert json.loads(parts["facts.json"]) == scorer.facts
