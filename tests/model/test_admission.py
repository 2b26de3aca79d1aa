"""Who is taken: no limit is passed, no room is wasted, and nobody large starves."""

from hypothesis import given
from hypothesis import strategies as st

from queuectl.model.admission import Candidate, Room, admit

JOBS = st.lists(
    st.builds(
        Candidate,
        st.integers(1, 10_000),
        st.sampled_from("abc"),
        st.integers(1, 9),
        st.sampled_from([None, None, "m", "n"]),
    ),
    max_size=30,
    unique_by=lambda job: job.id,
)


@given(
    jobs=JOBS,
    workers=st.integers(1, 8),
    busy=st.integers(0, 8),
    ahead=st.integers(0, 20),
    most=st.integers(0, 30),
    limits=st.dictionaries(st.sampled_from("abc"), st.integers(-1, 5)),
    held=st.sets(st.sampled_from("mn")),
)
def test_an_admission_keeps_every_limit_and_wastes_no_room(jobs, workers, busy, ahead, most, limits, held):
    room = Room(workers=workers, free=max(0, workers - busy), ahead=ahead, jobs=most)
    admission = admit(jobs, room, limits=limits, held=held)
    taken = [job for job in jobs if job.id in set(admission.taken)]
    assert list(admission.taken) == [job.id for job in taken]
    assert len(taken) <= room.most
    if any(min(job.slots, workers) > 1 for job in taken):
        large = max(place for place, job in enumerate(taken) if min(job.slots, workers) > 1)
        assert sum(min(job.slots, workers) for job in taken[: large + 1]) <= room.free
    for queue, limit in limits.items():
        assert sum(job.queue == queue for job in taken) <= max(0, limit)
    mutexes = [job.mutex for job in taken if job.mutex]
    assert len(set(mutexes)) == len(mutexes)
    assert not held & set(mutexes)
    if not admission.waiting:
        passed = [job for job in jobs if job not in taken]
        assert all(
            job.mutex in {*held, *mutexes} or sum(other.queue == job.queue for other in taken) >= limits[job.queue]
            for job in passed
        )


def test_one_large_job_is_waited_for_by_all_behind_it():
    jobs = [Candidate(1, "a"), Candidate(2, "a", 4), Candidate(3, "a")]
    admission = admit(jobs, Room(workers=4, free=4), limits={}, held=())
    assert (admission.taken, admission.waiting) == ([1], True)


def test_short_jobs_are_taken_ahead_but_large_ones_are_not():
    jobs = [Candidate(number, "a") for number in range(1, 9)]
    assert len(admit(jobs, Room(workers=2, free=2, ahead=4), limits={}, held=()).taken) == 6
    admission = admit([Candidate(9, "a", 2), *jobs], Room(workers=4, free=4, ahead=4), limits={}, held=())
    assert admission.taken == [9, 1, 2]
