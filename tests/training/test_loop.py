"""The loops: they learn, they stop on nonsense, and an interruption changes nothing."""

import logging
import math
import signal
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from landmarks.augmentation import Augmentation, Geometry
from landmarks.heatmap import DistributionCodec
from landmarks.models.forward import predict
from landmarks.training.batches import FaceSource, MixtureBatches
from landmarks.training.checkpoint import TrainingState
from landmarks.training.device import Machine
from landmarks.training.loop import fit, learning_rate, load_weights
from landmarks.training.monitor import CHECKPOINT, CURVE, WEIGHTS, NonFiniteLossError
from landmarks.training.schedule import Schedule
from tests.small import distance, small_architecture, unnormalised_architecture

MACHINE = Machine(device="cpu", checkpoint_seconds=0)


def batches(crops, indices, schedule, geometry=None, seed=0):
    augmentation = Augmentation(geometry=geometry or Geometry())
    source = FaceSource(
        crops=crops,
        indices=np.asarray(indices),
        landmarks=crops.landmarks,
        visible=crops.visible,
        augmentation=augmentation,
        share=1.0,
    )
    return MixtureBatches([source], schedule.batch_size, schedule.steps, seed)


def train(architecture, crops, directory, schedule, on_progress=None, machine=MACHINE, **kwargs):
    directory.mkdir(exist_ok=True)
    network = architecture.start(68, seed=1)
    fit(
        network,
        architecture,
        batches(crops, range(8), schedule, **kwargs),
        schedule,
        machine=machine,
        directory=directory,
        on_progress=on_progress or (lambda *_: None),
    )
    load_weights(network, directory / WEIGHTS)
    return network


def test_eight_faces_are_learned_by_heart(architecture, toy_crops, tmp_path):
    schedule = Schedule(steps=400, batch_size=8, learning_rate=8e-3, warmup=20, ema=0.98)
    # Mirrored too, because a prediction is the mean with the mirror image's.
    mirror = Geometry(mirror=0.5)
    network = train(architecture, toy_crops, tmp_path / "fit", schedule, geometry=mirror)
    indices = np.arange(8)
    found = predict(network, architecture, toy_crops, indices, device=torch.device("cpu"))
    error = np.abs(found - (toy_crops.landmarks[:8] - toy_crops.border)).mean()
    curve = np.load(tmp_path / "fit" / CURVE)
    assert curve[-1, 1] < 0.6 * curve[0, 1]
    assert error < 1.5, error  # pixels of 64; the untrained network is 15 off


@pytest.fixture
def control_c():
    """As in a terminal: shells let what runs in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("control_c")
def test_control_c_keeps_the_steps_and_changes_no_number(architecture, toy_crops, tmp_path, caplog):
    schedule = Schedule(steps=30, batch_size=4, learning_rate=2e-3)
    whole = train(architecture, toy_crops, tmp_path / "whole", schedule)

    caplog.set_level(logging.INFO)

    def interrupt(step, *_):
        if step == 10:
            signal.raise_signal(signal.SIGINT)

    for workers in (0, 1):
        machine = Machine(device="cpu", checkpoint_seconds=1e9, workers=workers)
        folder = tmp_path / f"stopped{workers}"
        with pytest.raises(KeyboardInterrupt):
            train(architecture, toy_crops, folder, schedule, interrupt, machine)
        assert caplog.messages[-1].startswith("stopped at step 10 of 30; run the same command")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        again = train(architecture, toy_crops, folder, schedule, machine=machine)
        assert "resuming at step 10 of 30" in caplog.messages[-1]
        for one, other in zip(whole.parameters(), again.parameters(), strict=True):
            assert torch.equal(one, other)


@pytest.mark.usefixtures("control_c")
def test_control_c_in_the_last_steps_stops_what_comes_next(architecture, toy_crops, tmp_path):
    schedule = Schedule(steps=15, batch_size=4, learning_rate=2e-3)
    whole = train(architecture, toy_crops, tmp_path / "whole", schedule)

    stopped = tmp_path / "stopped"
    logged = []

    def at_the_end(step, *_):
        logged.append(step)
        if step == schedule.steps:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(architecture, toy_crops, stopped, schedule, at_the_end)
    assert logged == [10, 15]
    again = train(architecture, toy_crops, stopped, schedule)
    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_an_interrupted_training_ends_with_the_same_numbers(architecture, toy_crops, tmp_path):
    schedule = Schedule(steps=40, batch_size=4, learning_rate=2e-3)
    geometry = Geometry(rotation=20, mirror=0.5)
    whole = train(architecture, toy_crops, tmp_path / "whole", schedule, geometry=geometry)

    class KilledError(Exception):
        pass

    def stop_at(limit):
        def progress(step, loss, rate):
            if step == limit:
                raise KilledError

        return progress

    for limit in (20, 30):  # is killed twice; the checkpoint is of the step before
        with pytest.raises(KilledError):
            train(
                architecture,
                toy_crops,
                tmp_path / "parts",
                schedule,
                stop_at(limit),
                geometry=geometry,
            )
        assert (tmp_path / "parts" / CHECKPOINT).exists()
    parts = train(architecture, toy_crops, tmp_path / "parts", schedule, geometry=geometry)
    for one, other in zip(whole.state_dict().values(), parts.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    np.testing.assert_array_equal(
        np.load(tmp_path / "whole" / CURVE), np.load(tmp_path / "parts" / CURVE)
    )


@pytest.mark.parametrize("left", [b"", b"torn", None], ids=["empty", "torn", "cut short"])
def test_a_checkpoint_that_cannot_be_read_costs_its_work_and_no_more(
    architecture, toy_crops, tmp_path, caplog, left
):
    schedule = Schedule(steps=20, batch_size=4, learning_rate=2e-3)
    whole = train(architecture, toy_crops, tmp_path / "whole", schedule)
    checkpoint = tmp_path / "torn" / CHECKPOINT
    checkpoint.parent.mkdir()
    stored = (tmp_path / "whole" / CHECKPOINT).read_bytes()
    checkpoint.write_bytes(stored[:-100] if left is None else left)
    logged = []
    torn = train(
        architecture, toy_crops, checkpoint.parent, schedule, lambda *p: logged.append(p[0])
    )
    assert logged == [10, 20]
    assert f"{checkpoint} cannot be read" in caplog.text
    assert "starting from step 0" in caplog.text
    for one, other in zip(whole.state_dict().values(), torn.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_a_resumed_training_logs_its_past_again(architecture, toy_crops, tmp_path):
    schedule = Schedule(steps=30, batch_size=4, learning_rate=2e-3)
    logged = []

    def stop(step, loss, rate):
        if step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(architecture, toy_crops, tmp_path / "fit", schedule, stop)
    train(
        architecture, toy_crops, tmp_path / "fit", schedule, lambda *point: logged.append(point[0])
    )
    assert logged == [10, 20, 30]


def test_the_number_of_workers_changes_nothing(architecture, toy_crops, tmp_path):
    schedule = Schedule(steps=6, batch_size=4, learning_rate=2e-3)
    geometry = Geometry(rotation=20, mirror=0.5)
    alone, helped = (
        train(
            architecture,
            toy_crops,
            tmp_path / str(workers),
            schedule,
            machine=Machine(device="cpu", workers=workers),
            geometry=geometry,
        )
        for workers in (0, 2)
    )
    for one, other in zip(alone.state_dict().values(), helped.state_dict().values(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("accumulate", [2, 3])
def test_a_batch_in_parts_gives_the_gradient_and_the_loss_of_the_whole(
    toy_crops, tmp_path, accumulate
):
    # Hardly a step is made, so that the moments of AdamW are means of the same gradients. Parts of
    # eight faces in three are uneven, and so is what they show: landmarks leave the picture.
    schedule = Schedule(steps=4, batch_size=8, learning_rate=1e-7)
    geometry = Geometry(rotation=30, shift=0.5, scale=0.5)
    whole, in_parts = (
        train(
            unnormalised_architecture(),
            toy_crops,
            tmp_path / str(count),
            schedule,
            machine=replace(MACHINE, accumulate=count),
            geometry=geometry,
        )
        and load_file(tmp_path / str(count) / CHECKPOINT)
        for count in (1, accumulate)
    )
    moments = [key for key in whole if "exp_avg" in key]
    assert len(moments) == 2 * 6
    assert distance(*([w[key].numpy() for key in moments] for w in (whole, in_parts))) < 1e-5
    torch.testing.assert_close(in_parts["curve"], whole["curve"], rtol=1e-6, atol=0)


@pytest.mark.slow
def test_a_compiled_network_learns_the_same(toy_crops, tmp_path):
    schedule = Schedule(steps=20, batch_size=4, learning_rate=2e-3)
    model = replace(small_architecture(), cpu_bfloat16=False)
    for name, machine in (("plain", MACHINE), ("compiled", replace(MACHINE, compile=True))):
        train(model, toy_crops, tmp_path / name, schedule, machine=machine)
    plain, compiled = (np.load(tmp_path / name / CURVE) for name in ("plain", "compiled"))
    np.testing.assert_allclose(compiled, plain, rtol=1e-3)


def test_a_loss_that_is_no_number_stops_the_run(architecture, toy_crops, tmp_path):
    schedule = Schedule(steps=20, batch_size=4, learning_rate=2e-3)
    network = architecture.start(68, seed=0)
    with torch.no_grad():
        network.head.bias.fill_(math.nan)
    with pytest.raises(NonFiniteLossError, match="the loss is nan at step 10 of 20; lower"):
        fit(
            network,
            architecture,
            batches(toy_crops, range(8), schedule),
            schedule,
            machine=MACHINE,
            directory=tmp_path,
            on_progress=lambda *_: None,
        )
    assert not (tmp_path / "weights.safetensors").exists()


@dataclass(frozen=True)
class Steep:
    """A loss of 0 with a gradient that no float holds."""

    codec_type = DistributionCodec

    def __call__(self, output, landmarks, visible, codec):
        return (output - output.detach()).square().sum().sqrt()


def test_weights_that_the_last_update_made_no_numbers_are_not_kept(
    architecture, toy_crops, tmp_path
):
    schedule = Schedule(steps=1, batch_size=4, learning_rate=2e-3)
    model = replace(architecture, loss=Steep())
    with pytest.raises(NonFiniteLossError, match="after 1 steps the averaged weights are no"):
        train(model, toy_crops, tmp_path / "fit", schedule)
    assert not (tmp_path / "fit" / WEIGHTS).exists()


def test_the_rate_rises_then_falls_to_nothing():
    schedule = Schedule(steps=1000, batch_size=1, learning_rate=0.01, warmup=100)
    rates = [learning_rate(step, schedule) for step in range(1000)]
    assert rates[0] == pytest.approx(0.0001)
    assert rates[99] == rates[100] == pytest.approx(0.01)
    assert rates[550] == pytest.approx(0.005)
    assert rates[-1] < 1e-6
    assert max(rates) == rates[99]


def test_starting_weights_come_from_the_seed_alone(architecture):
    torch.manual_seed(5)
    one = architecture.start(68, seed=1)
    torch.manual_seed(6)
    other, third = architecture.start(68, seed=1), architecture.start(68, seed=2)
    assert torch.equal(one.head.weight, other.head.weight)
    assert not torch.equal(one.head.weight, third.head.weight)


def test_float16_gradients_are_scaled_and_the_scale_is_resumed(toy_crops, tmp_path):
    schedule = Schedule(steps=20, batch_size=4, learning_rate=2e-3)
    model = small_architecture()
    exact = replace(MACHINE, precision="float32")
    half = replace(MACHINE, precision="float16")
    for name, machine in (("float32", exact), ("float16", half)):
        train(model, toy_crops, tmp_path / name, schedule, machine=machine)
    curves = [np.load(tmp_path / name / CURVE)[:, 1] for name in ("float32", "float16")]
    np.testing.assert_allclose(*curves, rtol=0.02)
    assert not np.array_equal(*curves)

    def stop(step, *_):
        if step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(model, toy_crops, tmp_path / "parts", schedule, stop, half)
    train(model, toy_crops, tmp_path / "parts", schedule, machine=half)
    weights = [load_file(tmp_path / name / WEIGHTS) for name in ("float16", "parts")]
    for name, values in weights[0].items():
        assert torch.equal(values, weights[1][name])


def test_the_gradient_is_clipped_to_its_norm(toy_crops, tmp_path):
    # With one step, AdamW's first moment is a tenth of the gradient.
    norms = {}
    for clip in (None, 0.1):
        schedule = Schedule(steps=1, batch_size=4, learning_rate=1e-7, clip_norm=clip)
        folder = tmp_path / str(clip)
        train(unnormalised_architecture(), toy_crops, folder, schedule)
        moments = [v for k, v in load_file(folder / CHECKPOINT).items() if k.endswith("exp_avg")]
        norms[clip] = 10 * torch.cat([values.flatten() for values in moments]).norm().item()
    assert norms[None] > 0.2
    assert norms[0.1] == pytest.approx(0.1, rel=1e-4)


def test_the_average_is_the_mean_that_its_definition_gives():
    network = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.BatchNorm1d(1))
    schedule = Schedule(steps=100, batch_size=1, learning_rate=1e-3, ema=0.5)
    state = TrainingState.at_start(network, schedule)
    expected = 0.0
    for step in range(20):
        with torch.no_grad():
            network[0].bias.fill_(step)
        network[1].num_batches_tracked.fill_(step)
        state.update_average(schedule.ema, 1)
        decay = min(0.5, (1 + step) / (10 + step)) if step else 0.0
        expected = decay * expected + (1 - decay) * step
        state.step += 1
    assert state.average[0].bias.item() == pytest.approx(expected, rel=1e-5)
    assert state.average[1].num_batches_tracked.item() == 19


def test_an_average_of_every_fourth_step_reaches_as_far_back():
    schedule = Schedule(steps=2000, batch_size=1, learning_rate=1e-3, ema=0.99)
    averages = []
    for updates in (1, 4):
        state = TrainingState.at_start(torch.nn.Linear(1, 1, bias=True), schedule)
        for step in range(2000):
            state.step = step
            if (step + 1) % updates == 0:
                with torch.no_grad():
                    state.network.bias.fill_(step)
                state.update_average(schedule.ema, updates)
        averages.append(state.average.bias.item())
    assert averages[0] == pytest.approx(1999 - 99, abs=0.1)  # the mean age of a weight
    assert averages[1] == pytest.approx(averages[0], abs=3)


def test_a_checkpoint_of_another_precision_is_resumed(toy_crops, tmp_path):
    schedule = Schedule(steps=20, batch_size=4, learning_rate=2e-3)
    model = small_architecture()

    def stop(step, *_):
        if step == 20:
            raise KeyboardInterrupt

    exact, half = (replace(MACHINE, precision=name) for name in ("float32", "float16"))
    with pytest.raises(KeyboardInterrupt):
        train(model, toy_crops, tmp_path / "fit", schedule, stop, exact)
    train(model, toy_crops, tmp_path / "fit", schedule, machine=half)
    assert np.load(tmp_path / "fit" / CURVE)[:, 0].tolist() == [10, 20]


class Dropping(torch.nn.Module):
    """A network that draws random numbers in training."""

    output_kind = "heatmaps"
    stride = 4

    def __init__(self, num_landmarks):
        super().__init__()
        self.body = small_architecture().network(num_landmarks=num_landmarks)
        self.drop = torch.nn.Dropout(0.5)

    def forward(self, images):
        return self.drop(self.body(images))


def test_dropout_is_a_function_of_the_seed_and_the_step(toy_crops, tmp_path):
    schedule = Schedule(steps=20, batch_size=4, learning_rate=2e-3)
    model = replace(small_architecture(), network=Dropping)

    def stop(step, *_):
        if step == 20:
            raise KeyboardInterrupt

    before = torch.random.get_rng_state()
    whole = train(model, toy_crops, tmp_path / "whole", schedule)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(5)
    with pytest.raises(KeyboardInterrupt):
        train(model, toy_crops, tmp_path / "parts", schedule, stop)
    parts = train(model, toy_crops, tmp_path / "parts", schedule)
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(one, other)
