"""Annotation files in XML, read piece by piece, without what makes XML dangerous."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element  # the type; defusedxml parses

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from landmarks.data.files import open_file
from landmarks.errors import InputError


def xml_elements(path: Path, tag: str) -> Iterator[Element]:
    """Each element with this tag in turn, cleared afterwards to save memory.

    Raises:
        InputError: The file is missing, not XML, or declares entities.
    """
    try:
        with open_file(path) as file:
            for _, element in iterparse(file, forbid_dtd=True):
                if element.tag == tag:
                    yield element
                    element.clear()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except DefusedXmlException:
        raise InputError(
            f"{path}: declares a document type or entities, which can be harmful and which "
            "annotation tools never write; remove the declaration"
        ) from None
    except InputError:
        raise
    except (ParseError, ValueError, LookupError) as error:  # the last two: unknown encodings
        raise InputError(f"{path}: cannot be read as XML ({error})") from None
