package audit

import (
	"runtime/debug"
	"slices"
	"sync"
)

// task is a piece of work; it writes to the results of the worker that runs it.
type task func(*results)

// queue hands tasks to workers; tasks may add tasks. It ends when no task is
// waiting or running.
type queue struct {
	mu      sync.Mutex
	ready   sync.Cond
	tasks   []task
	head    int
	pending int // waiting or running
}

func newQueue() *queue {
	q := &queue{}
	q.ready.L = &q.mu
	return q
}

func (q *queue) push(t task) {
	q.mu.Lock()
	q.tasks = append(q.tasks, t)
	q.pending++
	q.mu.Unlock()
	q.ready.Signal()
}

// pushFront adds a task that is to run before those that wait.
func (q *queue) pushFront(t task) {
	q.mu.Lock()
	if q.head > 0 {
		q.head--
		q.tasks[q.head] = t
	} else {
		q.tasks = slices.Insert(q.tasks, 0, t)
	}
	q.pending++
	q.mu.Unlock()
	q.ready.Signal()
}

// work runs tasks, one worker for each results, until the queue ends.
func (q *queue) work(workers []*results) {
	var wg sync.WaitGroup
	for _, res := range workers {
		wg.Go(func() {
			// A file that shrinks while it is mapped faults where it
			// ends now; that is a property of the file, not the end of
			// the audit.
			debug.SetPanicOnFault(true)
			for {
				t := q.pop()
				if t == nil {
					return
				}
				t(res)
				q.done()
			}
		})
	}
	wg.Wait()
}

func (q *queue) pop() task {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.head == len(q.tasks) && q.pending > 0 {
		q.ready.Wait()
	}
	if q.head == len(q.tasks) {
		return nil
	}
	t := q.tasks[q.head]
	q.tasks[q.head] = nil
	q.head++
	return t
}

func (q *queue) done() {
	q.mu.Lock()
	q.pending--
	last := q.pending == 0
	q.mu.Unlock()
	if last {
		q.ready.Broadcast()
	}
}
