// SPDX-License-Identifier: Apache-2.0
/* Errands: released once, whenever their owner lets go, and waited for at the end. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/errand.h"

struct book {
	atomic_int begun, may_end;
	int landed, released;
};

struct walk {
	struct fw_errand errand;
	struct book *book;
	bool drops_itself;
};

static void walk_run(struct fw_errand *errand)
{
	struct book *book = ((struct walk *)errand)->book;

	atomic_fetch_add(&book->begun, 1);
	while (!atomic_load(&book->may_end) && !atomic_load(&errand->errands->stop))
		usleep(1000);
}

static void walk_landed(struct fw_errand *errand)
{
	((struct walk *)errand)->book->landed++;
	if (((struct walk *)errand)->drops_itself)
		fw_errand_drop(errand);
}

static void walk_release(struct fw_errand *errand)
{
	((struct walk *)errand)->book->released++;
	free(errand);
}

static struct walk *walk_new(struct book *book)
{
	struct walk *walk = calloc(1, sizeof(*walk));

	cr_assert(walk);
	walk->errand = (struct fw_errand){.run = walk_run, .landed = walk_landed, .release = walk_release};
	walk->book = book;
	return walk;
}

static void lets_it_end(struct book *book, uv_loop_t *loop)
{
	atomic_store(&book->may_end, 1);
	uv_run(loop, UV_RUN_DEFAULT);
}

Test(errand, is_released_once)
{
	struct fw_errands errands = {0};
	struct book book = {0};
	struct walk *walk;
	uv_loop_t loop;

	uv_loop_init(&loop);
	fw_errands_init(&errands, &loop);
	fw_errand_drop(NULL);
	/* never sent */
	fw_errand_drop(&walk_new(&book)->errand);
	cr_expect_eq(book.released, 1);
	/* its owner waits */
	walk = walk_new(&book);
	cr_assert_eq(fw_errand_send(&errands, &walk->errand), 0);
	lets_it_end(&book, &loop);
	cr_expect_eq(book.landed, 1);
	cr_expect_eq(book.released, 1);
	cr_expect(!walk->errand.under_way);
	fw_errand_drop(&walk->errand);
	cr_expect_eq(book.released, 2);
	/* its owner goes first, while another one is under way */
	atomic_store(&book.may_end, 0);
	walk = walk_new(&book);
	cr_assert_eq(fw_errand_send(&errands, &walk->errand), 0);
	fw_errand_drop(&walk->errand);
	cr_expect_eq(book.released, 2);
	walk = walk_new(&book);
	walk->drops_itself = true;
	cr_assert_eq(fw_errand_send(&errands, &walk->errand), 0);
	lets_it_end(&book, &loop);
	cr_expect_eq(book.landed, 3);
	cr_expect_eq(book.released, 4);
	cr_expect_null(errands.first);
	uv_loop_close(&loop);
}

/* More than there are threads: those that wait for one never begin. */
Test(errand, the_end_waits_for_those_that_have_begun)
{
	struct fw_errands errands = {0};
	struct book book = {0};
	struct walk *walks[12];
	uv_loop_t loop;
	int done = 0;

	uv_loop_init(&loop);
	fw_errands_init(&errands, &loop);
	for (size_t i = 0; i < 12; i++) {
		walks[i] = walk_new(&book);
		cr_assert_eq(fw_errand_send(&errands, &walks[i]->errand), 0);
	}
	for (int i = 0; i < 5000 && !atomic_load(&book.begun); i++)
		usleep(1000);
	cr_assert_gt(atomic_load(&book.begun), 0);
	fw_errand_drop(&walks[0]->errand);
	fw_errands_finish(&errands);
	cr_expect_eq(book.landed + book.released, 0);
	for (size_t i = 0; i < 12; i++)
		done += atomic_load(&walks[i]->errand.done);
	cr_expect_eq(done, atomic_load(&book.begun));
	/* Only here the loop runs again, so that nothing is left. */
	uv_run(&loop, UV_RUN_DEFAULT);
	cr_expect_eq(book.landed, 12);
	for (size_t i = 1; i < 12; i++)
		fw_errand_drop(&walks[i]->errand);
	cr_expect_eq(book.released, 12);
	uv_loop_close(&loop);
}
