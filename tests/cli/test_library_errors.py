"""What libraries say about their arguments in the YAML, in one line."""

import pytest
from hydra.errors import InstantiationException
from hydra.utils import instantiate

from landmarks.cli.library_errors import library_errors
from landmarks.errors import InputError


def make(transform):
    """A recipe with one transform, made like that of a run."""
    recipe = {
        "_target_": "landmarks.augmentation.Augmentation",
        "geometry": {"_target_": "landmarks.augmentation.Geometry"},
        "transforms": [transform],
    }
    with library_errors():
        instantiate({"augmentation": {"real": recipe}}, _convert_="all")


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (
            {"_target_": "albumentations.GausNoise"},
            r"there is no albumentations.GausNoise; did you mean albumentations.GaussNoise\?",
        ),
        ({"_target_": "no_such_package.Noise"}, "there is no no_such_package.Noise$"),
        (
            {"_target_": "albumentations.GaussNoise", "std_range": [3, 5]},
            r"GaussNoise std_range is \[3, 5\]: All values in .* must be >= 0 and <= 1",
        ),
        ({"_target_": "albumentations.CenterCrop", "width": 8}, "CenterCrop needs height$"),
        ({"_target_": "albumentations.CropAndPad"}, "CropAndPad: Both px and percent"),
        (
            {
                "_target_": "albumentations.Sequential",
                "transforms": [{"_target_": "albumentations.Blur", "p": 2}],
            },
            r"^augmentation.real.transforms.0.transforms.0: Blur p is 2: Input should be less",
        ),
        (
            {
                "_target_": "albumentations.OneOf",
                "transforms": [{"_target_": "albumentations.Blur", "p": 0}],
            },
            "OneOf: float division by zero",
        ),
    ],
)
def test_a_class_of_a_library_that_refuses_its_arguments_is_named_with_its_place(
    transform, message
):
    with pytest.raises(InputError, match=message) as error:
        make(transform)
    assert str(error.value).startswith("augmentation.real.transforms.0")
    assert "\n" not in str(error.value)


def test_an_argument_that_the_library_only_warns_about_is_refused_without_the_warning():
    unknown = {"_target_": "albumentations.Blur", "blur_limits": [3, 5]}
    with pytest.raises(InstantiationException) as error:
        make(unknown)
    assert isinstance(error.value.__cause__, InputError)


def test_an_error_of_this_package_is_left_as_it_is():
    with pytest.raises(InstantiationException, match="horizontal"), library_errors():
        instantiate({"_target_": "landmarks.augmentation.Geometry", "horizontal": 1})
