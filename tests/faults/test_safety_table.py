"""The safety table of the README, promise by promise: each has tests that try to break it, and none is left out."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

from tests.fuzz.__main__ import MODULES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8").partition("\n## Safety\n")[2].partition("\n## ")[0]

# threat -> promise -> files with the names of tests in them
TABLE: dict[str, dict[str, dict[str, str]]] = {
    "broken or hostile images, masks, folders": {
        "a sentence that names the file and the remedy": {
            "fuzz/test_readers.py": "test_no_input_does_harm",
            "e2e/test_bad_inputs.py": "test_a_bad_input_gives_a_sentence_and_the_open_case_stays",
        },
        "no crash, no hang, at most 4 times the memory of the case on its grid": {
            "fuzz/test_readers.py": "test_no_input_does_harm",
            "fuzz/test_measure.py": "test_each_fault_is_told",
            "imaging/formats/test_text_headers.py": "test_lying_headers_of_nrrd_are_refused "
            "test_lying_headers_of_meta_image_are_refused",
            "preparation/test_dicom.py": "test_a_box_of_no_length_is_not_looked_at_for_ever",
        },
        "A compressed file gets memory only as it delivers, images of different grids and what the network makes of "
        "them only if it is free": {
            "imaging/test_hostile_files.py": "test_what_unpacks_to_far_more_than_promised_is_not_unpacked",
            "imaging/formats/test_text_headers.py": "test_voxels_that_unpack_to_more_than_was_promised_are_refused",
            "preparation/test_dicom.py": "test_a_file_that_unpacks_to_gigabytes_is_no_dicom "
            "test_headers_of_very_many_parts_are_passed_over test_frames_that_are_not_there_are_refused "
            "test_a_picture_within_that_is_of_another_size_is_not_unpacked",
            "imaging/test_sampling.py": "test_images_that_would_not_fit_on_the_finest_grid_are_refused",
            "inference/test_preprocess.py": "test_what_the_free_memory_does_not_hold_is_refused",
        },
        "pipes and devices are not waited for": {
            "imaging/test_bad_files.py": "test_a_named_pipe_does_not_block",
            "imaging/test_hostile_files.py": "test_a_name_that_becomes_a_pipe_meanwhile_is_not_waited_for",
        },
        "a drive that went away can be left": {
            "e2e/test_hanging_drive.py": "test_opening_a_case_can_be_cancelled",
            "e2e/test_beside_the_window.py": "test_the_window_leaves_the_drive_to_others",
        },
    },
    "networks from strangers (`.keras`, `.h5`, `.onnx`)": {
        "nothing in the file is run": {"inference/test_strangers.py": "test_a_file_that_asks_for_code_is_refused"},
        "Its description is read by us and written anew from layers that only compute": {
            "inference/test_strangers.py": "test_what_is_built_is_a_copy_of_known_layers_only",
        },
        "Lambda layers, custom objects, foreign modules, pickles, links to other files, zip tricks and layers that "
        "make giants of their input are refused by name": {
            "inference/test_strangers.py": "test_a_file_of_keras_2_that_asks_for_code_is_refused "
            "test_a_pickle_or_an_empty_zip_under_another_name_is_refused test_a_link_in_a_zip_is_refused "
            "test_tricks_of_hdf5_are_refused test_a_bomb_is_refused_before_it_goes_off",
            "inference/test_engine.py": "test_networks_of_strangers_are_refused_before_they_compute",
            "fuzz/test_models_and_records.py": "test_a_sample_of_bad_files_is_opened_or_refused_with_a_sentence",
        },
        "A network that takes the last free memory, or stands still at work, is ended": {
            "faults/test_engine_faults.py": "test_a_network_that_takes_the_last_memory_is_ended_with_a_sentence "
            "test_a_network_that_is_stopped_at_work_is_told_and_ended",
        },
    },
    "a passport that is not of its weights, or a network that does not fit it": {
        "said before inference: SHA-256, channels, classes, axes": {
            "inference/test_model_folder.py": "test_weights_that_changed_are_refused "
            "test_mistakes_in_a_passport_are_named",
            "inference/test_engine.py": "test_networks_that_cannot_be_used_are_refused",
        },
    },
    "run folders, events, presets, journals, queues, settings that are damaged": {
        "a sentence": {
            "fuzz/test_models_and_records.py": "test_a_sample_of_bad_files_is_opened_or_refused_with_a_sentence",
            "training/test_npz.py": "test_a_checkpoint_that_makes_no_sense_is_passed_over",
        },
        "what cannot be read is kept aside, never overwritten": {
            "faults/test_settings.py": "test_damaged_settings_are_kept_aside_and_said",
            "e2e/test_keeping.py": "test_a_damaged_journal_is_said_and_put_aside",
            "e2e/test_queue.py": "test_a_damaged_list_is_said_and_not_touched",
        },
        "Settings are JSON: nothing in them can run": {
            "controllers/test_settings_start.py": "test_qt_runs_what_a_settings_file_holds_and_we_do_not "
            "test_the_program_has_no_settings_of_qt",
        },
        "*Stop now* ends a process only if it was started as the trainer of that very run": {
            "runs/test_force_stop.py": "test_no_process_is_killed_because_an_events_file_names_it",
        },
    },
    "links, pipes and hard links in folders from elsewhere": {
        "a name that the program derives (list of cases, note, configuration, log, checkpoint, mask in an output "
        "folder) is not followed and not waited for, but refused in a sentence": {
            "storage/test_writing.py": "test_a_derived_name_that_is_no_file_is_refused "
            "test_what_has_another_name_is_not_appended_to_but_may_be_replaced",
            "faults/test_links.py": "test_the_log test_events test_the_configuration_of_a_run_that_is_there "
            "test_what_is_shown_of_a_run_lies_in_it test_a_checkpoint_that_leads_out_is_not_read "
            "test_the_trainer_itself",
            "annotation/test_case_list.py": "test_a_list_that_is_a_link_is_neither_read_nor_written "
            "test_a_list_that_is_a_pipe_is_not_waited_for",
            "commands/test_segment.py": "test_a_mask_is_not_written_through_a_link_that_lies_in_the_folder",
            "annotation/saving/test_mask_folder.py": "test_no_link_in_it_is_followed",
        },
        "only a name that you chose is followed": {
            "storage/test_writing.py": "test_a_link_that_a_person_chose_stays_and_leads_to_the_new_file",
            "storage/test_one_home.py": "test_nothing_is_written_outside_of_the_one_home",
            "imaging/formats/test_text_headers.py": "test_voxels_lie_in_the_same_folder "
            "test_no_link_to_voxels_is_followed",
            "preparation/test_dicom.py": "test_links_are_not_followed",
        },
        "Prepared cases go into a folder of their own, known by its marker": {
            "training/test_cache.py": "test_a_folder_that_is_no_cache_is_not_used_as_one",
        },
        "nothing beside it is touched": {
            "training/test_cache.py": "test_nothing_else_in_a_home_that_is_named_as_cache_is_touched",
        },
    },
    "two people, two windows, two commands in one folder": {
        "the list of cases and the settings are locked while they are changed, on drives without locks too": {
            "annotation/test_case_list.py": "test_lines_of_people_who_write_at_full_speed_are_all_kept",
            "faults/test_settings.py": "test_three_windows_that_write_at_full_speed_lose_nothing",
            "storage/test_lock_file.py": "test_threads_hold_it_one_after_the_other",
        },
        "`segment` replaces no mask without `--overwrite`, also none that appears meanwhile": {
            "commands/test_segment.py": "test_nothing_is_done_when_a_mask_exists "
            "test_a_mask_that_appears_after_the_start_is_not_replaced "
            "test_two_runs_into_one_folder_make_each_mask_once",
        },
        "`evaluate` keeps a result by the bytes that were scored": {
            "evaluation/cohorts/test_run.py": "test_a_result_is_kept_by_the_bytes_that_were_scored "
            "test_what_is_kept_is_what_the_scoring_process_read",
        },
        "other images under an open window are noticed before a mask is saved among them": {
            "annotation/saving/test_exchanged_images.py": "test_a_mask_among_another_patients_images_is_asked_about "
            "test_every_other_image_is_seen",
        },
    },
    "names with formulas, HTML, terminal codes, or letters that turn the text round": {
        "escaped where they are shown or written": {
            "storage/test_cells.py": "test_no_text_is_a_formula_at_any_separator",
            "views/test_plain_text.py": "test_what_steers_is_replaced_by_signs test_a_tip_shows_its_text",
            "evaluation/html/test_html.py": "test_no_name_is_taken_for_markup",
            "commands/test_terminal.py": "test_segment test_evaluate test_runs test_follow test_export",
            "e2e/test_strange_names.py": "test_a_case_with_a_strange_name",
        },
    },
    "a crash, a kill, a full disk, a lost display, a clock set back": {
        "a full disk is one sentence": {
            "faults/test_full_disk.py": "test_a_figure test_a_report test_scores test_standard_output",
            "faults/test_run_faults.py": "test_a_full_disk_is_said_in_the_events_although_it_is_full",
        },
        "temporary files go at the end, or at the next start": {
            "faults/test_scratch.py": "test_a_process_that_is_asked_to_end_leaves_nothing "
            "test_what_the_dead_left_is_removed_and_nothing_else",
        },
        "Finished edits are in the journal": {
            "annotation/test_kill.py": "test_what_was_finished_before_the_kill_is_restored",
            "faults/test_display.py": "test_a_window_whose_display_goes_away_loses_nothing",
            "faults/test_clock.py": "test_the_journal_keeps_its_order_whatever_the_clock",
        },
        "the next start says what happened and offers them": {
            "faults/test_uncaught.py": "test_a_crash_with_unsaved_work_offers_both "
            "test_a_crash_is_told_at_the_next_start",
        },
        "Masks are replaced only by verified copies, other files whole or not at all": {
            "imaging/test_save.py": "test_a_disk_that_writes_something_else_is_noticed "
            "test_a_disk_that_fills_while_writing_leaves_the_old_file",
            "storage/test_writing.py": "test_what_cannot_be_written_leaves_the_old_file",
        },
        "what a kill left half-written goes when its folder is opened or written into again": {
            "storage/test_writing.py": "test_what_a_kill_left_is_swept_by_the_next_writer_and_nothing_else "
            "test_what_a_kill_left_is_swept_where_a_folder_is_only_opened",
            "controllers/test_files.py": "test_what_a_kill_left_in_the_folders_of_a_list_is_swept_when_it_is_opened",
        },
    },
    "an error of ours": {
        "one dialog with a report to copy": {
            "faults/test_uncaught.py": "test_the_report_can_be_saved_and_the_dialog_stays "
            "test_two_kinds_of_fault_are_counted_in_one_dialog",
        },
        "the program goes on": {
            "faults/test_uncaught.py": "test_a_fault_at_every_turn_shows_one_dialog_and_the_program_goes_on",
        },
    },
    "patients' names in logs": {
        "the log and the report (*Help › Show log*, *Help › Copy report*) replace names, dates and paths, and only you "
        "can read them": {
            "faults/test_redactor.py": "test_any_name_is_gone test_dates_of_birth_are_hidden "
            "test_the_log_is_private_and_names_nobody",
        },
        "Read a report all the same before you pass it on": {  # for what no redactor can know
            "faults/test_redactor.py": "test_a_stranger_is_hidden_by_how_it_looks",
        },
    },
    "the network": {
        "no connection is made: a test runs a day, training included, without a network and listens for attempts": {
            "faults/test_no_network.py": "test_a_day_without_a_network_and_without_asking_for_one "
            "test_the_audit_would_hear_it",
        },
    },
}


def _rows() -> dict[str, list[str]]:
    """Threat -> what the README promises, sentence by sentence."""
    cells = [line.strip("| ").split(" | ") for line in README.splitlines() if line.startswith("| ")]
    return {threat: re.split(r"[.;] ", promises) for threat, promises in cells if threat != "threat"}


@cache
def _tests_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_threat_of_the_table_is_here() -> None:
    assert list(_rows()) == list(TABLE)


@pytest.mark.parametrize("threat", TABLE)
def test_every_promise_has_tests_that_are_there(threat: str) -> None:
    assert _rows()[threat] == list(TABLE[threat])
    for promise, files in TABLE[threat].items():
        named = {file: set(names.split()) for file, names in files.items()}
        assert any(named.values()), promise
        assert not {file: gone for file, names in named.items() if (gone := names - _tests_in(file))}, promise


@pytest.mark.slow
def test_the_number_of_bad_inputs_is_that_of_the_suite() -> None:
    said = re.search(r"([\d,]+) bad\s+inputs", README)
    trials = [importlib.import_module(f"tests.fuzz.{name}").trials(0) for name in MODULES]
    assert said is not None
    assert said[1] == f"{sum(map(len, trials)):,}"
