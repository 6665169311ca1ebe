// SPDX-License-Identifier: Apache-2.0
/* MaxMind-format databases through libmaxminddb, from a copy in memory. */
#include "policy/geo_db.h"

#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/cleanup.h"

#define BYTES_MAX (512L << 20)
#define V6_BITS	  128

struct fw_geo_db {
	MMDB_s mmdb;
	struct fw_geo_record root4;
};

static bool same_file(int fd, const struct stat *before)
{
	struct fw_geo_file was = fw_geo_file_of(before), is;
	struct stat now;

	if (fstat(fd, &now))
		return false;
	is = fw_geo_file_of(&now);
	return fw_geo_same_file(&was, &is);
}

static int copy_bytes(int from, int to, off_t size)
{
	char buffer[65536];

	for (off_t done = 0; done < size;) {
		ssize_t got = read(from, buffer, sizeof(buffer));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return -EAGAIN;
		for (ssize_t written = 0; written < got;) {
			ssize_t put = write(to, buffer + written, (size_t)(got - written));

			if (put < 0 && errno != EINTR)
				return -errno;
			written += put > 0 ? put : 0;
		}
		done += got;
	}
	return 0;
}

/* A mapped file that is truncated kills whoever reads it: the library maps a copy that nobody else can reach.
 */
static int copy_file(const char *path, int *ret_fd, struct fw_geo_file *file, struct fw_err *err)
{
	FW_CLOSE int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FW_CLOSE int to = memfd_create("geo database", MFD_CLOEXEC);
	struct stat status;
	int r;

	if (from < 0 || fstat(from, &status))
		return fw_err_set(err, -errno, "cannot read the geo database %s: %s", path, strerror(errno));
	*file = fw_geo_file_of(&status);
	if (!S_ISREG(status.st_mode))
		return fw_err_set(err, -EINVAL, "the geo database %s is no regular file", path);
	if (status.st_size > BYTES_MAX)
		return fw_err_set(err, -EFBIG, "the geo database %s is larger than %ld MiB", path,
				  BYTES_MAX >> 20);
	if (to < 0)
		return fw_err_set(err, -errno, "no memory for a copy of %s: %s", path, strerror(errno));
	r = copy_bytes(from, to, status.st_size);
	if (r == -EAGAIN || (!r && !same_file(from, &status)))
		return fw_err_set(err, -EAGAIN,
				  "the geo database %s changed while it was read: it is being written", path);
	if (r)
		return fw_err_set(err, r, "cannot read the geo database %s: %s", path, strerror(-r));
	*ret_fd = TAKE_FD(to);
	return 0;
}

static struct fw_geo_record record_of(uint8_t type, uint64_t value, const MMDB_entry_s *entry, bool *broken)
{
	switch (type) {
	case MMDB_RECORD_TYPE_SEARCH_NODE:
		return (struct fw_geo_record){FW_GEO_INNER, (uint32_t)value};
	case MMDB_RECORD_TYPE_DATA:
		return (struct fw_geo_record){FW_GEO_DATA, entry->offset};
	case MMDB_RECORD_TYPE_EMPTY:
		return (struct fw_geo_record){FW_GEO_NOTHING, 0};
	default:
		*broken = true;
		return (struct fw_geo_record){FW_GEO_NOTHING, 0};
	}
}

static int split(const struct fw_geo_db *db, uint32_t node, struct fw_geo_record ret[2])
{
	MMDB_search_node_s both;
	bool broken = false;

	if (MMDB_read_node(&db->mmdb, node, &both) != MMDB_SUCCESS)
		return -EINVAL;
	ret[0] = record_of(both.left_record_type, both.left_record, &both.left_record_entry, &broken);
	ret[1] = record_of(both.right_record_type, both.right_record, &both.right_record_entry, &broken);
	return broken ? -EINVAL : 0;
}

/* An IPv6 database holds IPv4 at ::/96. */
static int find_root4(struct fw_geo_db *db)
{
	struct fw_geo_record halves[2];

	db->root4 = (struct fw_geo_record){FW_GEO_INNER, 0};
	if (db->mmdb.metadata.ip_version == 4)
		return 0;
	for (int i = 0; i < FW_V4_BITS && db->root4.kind == FW_GEO_INNER; i++) {
		if (split(db, db->root4.value, halves))
			return -EINVAL;
		db->root4 = halves[0];
	}
	return 0;
}

int fw_geo_db_open(const char *path, struct fw_geo_db **ret, struct fw_geo_file *file, struct fw_err *err)
{
	FW_FREE struct fw_geo_db *db = calloc(1, sizeof(*db));
	FW_CLOSE int fd = -1;
	char copy[32];
	int r = db ? copy_file(path, &fd, file, err) : fw_err_set(err, -ENOMEM, "out of memory"), status;

	if (r)
		return r;
	(void)snprintf(copy, sizeof(copy), "/proc/self/fd/%d", fd);
	status = MMDB_open(copy, MMDB_MODE_MMAP, &db->mmdb);
	if (status == MMDB_OUT_OF_MEMORY_ERROR)
		return fw_err_set(err, -ENOMEM, "out of memory for the geo database %s", path);
	if (status != MMDB_SUCCESS)
		return fw_err_set(err, -EINVAL,
				  "%s is no geo database in MaxMind format, or only a part of one: %s", path,
				  MMDB_strerror(status));
	if (!db->mmdb.metadata.node_count || find_root4(db)) {
		MMDB_close(&db->mmdb);
		return fw_err_set(err, -EINVAL, "the geo database %s is broken: its tree has no root", path);
	}
	*ret = TAKE_PTR(db);
	return 0;
}

void fw_geo_db_close(struct fw_geo_db *db)
{
	if (!db)
		return;
	MMDB_close(&db->mmdb);
	free(db);
}

uint32_t fw_geo_db_nodes(const struct fw_geo_db *db)
{
	return db->mmdb.metadata.node_count;
}

struct fw_geo_record fw_geo_db_root(const struct fw_geo_db *db, enum fw_family family)
{
	if (family == FW_FAMILY_V4)
		return db->root4;
	return (struct fw_geo_record){db->mmdb.metadata.ip_version == 6 ? FW_GEO_INNER : FW_GEO_NOTHING, 0};
}

int fw_geo_db_split(const struct fw_geo_db *db, enum fw_family family, uint32_t node,
		    struct fw_geo_record ret[2])
{
	int r = split(db, node, ret);

	for (int i = 0; i < 2 && !r && family == FW_FAMILY_V6; i++)
		if (ret[i].kind == FW_GEO_INNER && db->root4.kind == FW_GEO_INNER &&
		    ret[i].value == db->root4.value)
			ret[i].kind = FW_GEO_NOTHING;
	return r;
}

/* Present and of that type, or nothing; false: the data is broken. */
static bool get(const struct fw_geo_db *db, uint32_t offset, const char *const *path, uint32_t type,
		MMDB_entry_data_s *ret)
{
	MMDB_entry_s entry = {.mmdb = &db->mmdb, .offset = offset};
	int status = MMDB_aget_value(&entry, ret, path);

	if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR) {
		ret->has_data = false; /* such as a country that is no map */
		return true;
	}
	if (status != MMDB_SUCCESS)
		return false;
	ret->has_data = ret->has_data && ret->type == type;
	return true;
}

static uint32_t country_of(const MMDB_entry_data_s *code)
{
	const char *text = code->utf8_string;

	if (!code->has_data || code->data_size != 2 || text[0] < 'A' || text[0] > 'Z' || text[1] < 'A' ||
	    text[1] > 'Z')
		return FW_COUNTRY_NONE;
	return FW_COUNTRY(text[0], text[1]);
}

int fw_geo_db_facts(const struct fw_geo_db *db, uint32_t offset, struct fw_geo_facts *ret)
{
	/* MaxMind's places, then those of flat databases. */
	static const char *const places[][3] = {{"country", "iso_code", NULL},
						{"registered_country", "iso_code", NULL},
						{"country_code", NULL},
						{"country", NULL}};
	static const char *const asn[] = {"autonomous_system_number", NULL};
	MMDB_entry_data_s data;

	*ret = (struct fw_geo_facts){.country = FW_COUNTRY_NONE};
	for (int i = 0; i < 4 && ret->country == FW_COUNTRY_NONE; i++) {
		if (!get(db, offset, places[i], MMDB_DATA_TYPE_UTF8_STRING, &data))
			return -EINVAL;
		ret->country = country_of(&data);
	}
	if (!get(db, offset, asn, MMDB_DATA_TYPE_UINT32, &data))
		return -EINVAL;
	ret->asn = data.has_data ? data.uint32 : 0;
	return 0;
}

int fw_geo_db_find(const struct fw_geo_db *db, const struct fw_addr *addr, struct fw_geo_facts *ret)
{
	enum fw_family family = fw_addr_family(addr);
	struct fw_geo_record record = fw_geo_db_root(db, family), halves[2];
	const unsigned char *bytes = (const unsigned char *)addr;

	for (unsigned int bit = family == FW_FAMILY_V4 ? FW_V4_BITS : 0;
	     record.kind == FW_GEO_INNER && bit < V6_BITS; bit++) {
		if (fw_geo_db_split(db, family, record.value, halves))
			return -EINVAL;
		record = halves[bytes[bit / 8] >> (7 - bit % 8) & 1];
	}
	*ret = (struct fw_geo_facts){.country = FW_COUNTRY_NONE};
	return record.kind == FW_GEO_DATA ? fw_geo_db_facts(db, record.value, ret) : 0;
}
