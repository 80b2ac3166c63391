using System.Text.Json;
using KdKernels.Distillation.Checkpoints;

namespace KdKernels.Distillation.Tests.Checkpoints;

public sealed class CheckpointTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kd-checkpoints").FullName;

    public static TheoryData<Fault, int> Faults => new()
    {
        { Fault.Before, 1 }, { Fault.Half, 1 }, { Fault.After, 1 },
        { Fault.Before, 3 }, { Fault.Half, 3 }, { Fault.After, 3 },
    };

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Opens_what_was_saved()
    {
        var store = new CheckpointStore(root, keep: 2);

        string path = Save(store, 3, 0, value: 7);
        Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.Equal("epoch-0003", Path.GetFileName(path));
        Assert.Equal(7, checkpoint.State.GetProperty("value").GetInt32());
        Assert.Equal(Weights(7), checkpoint.Files["student.safetensors"].ToArray());
        Assert.Equal(2, checkpoint.Files.Count);
    }

    [Fact]
    public void Orders_by_epoch_and_step_and_keeps_the_latest_and_the_best()
    {
        var store = new CheckpointStore(root, keep: 2);
        Save(store, 1, 0, 1);
        Save(store, 2, 0, 2, best: true);
        Save(store, 2, 5, 3);
        Save(store, 3, 0, 4);
        Save(store, 10_000, 0, 5);

        Assert.Equal(
            ["epoch-10000", "epoch-0003", "epoch-0002"],
            store.Paths().Select(path => Path.GetFileName(path)),
            StringComparer.Ordinal);
        Assert.Equal(5, Value(Checkpoint.Open(Path.Combine(root, "last"))));
        Assert.Equal(2, Value(Checkpoint.Open(Path.Combine(root, "best"))));
    }

    [Fact]
    public void Keeps_what_is_pinned_for_good()
    {
        var store = new CheckpointStore(root, keep: 2, pinned: [0, 2]);
        Save(store, 0, 0, 1);
        Save(store, 1, 0, 2, best: true);
        Save(store, 2, 0, 3);
        Save(store, 2, 5, 4);
        Save(store, 3, 0, 5, best: true);
        Save(store, 4, 0, 6);
        Save(store, 5, 0, 7);

        Assert.Equal([0, 2, 3, 4, 5], store.Epochs());
        Assert.Equal(5, store.Paths().Count);
        Assert.Equal(Path.Combine(root, "epoch-0002"), store.PathOf(2));
        Assert.Equal(3, Value(Checkpoint.Open(store.PathOf(2))));
    }

    [Fact]
    public void Survives_copying_moving_and_renaming()
    {
        string path = Save(new CheckpointStore(root, keep: 2), 1, 0, 7);
        string elsewhere = Path.Combine(root, "any other name");
        Directory.Move(path, elsewhere);

        Assert.Equal(7, Value(Checkpoint.Open(elsewhere)));
    }

    [Fact]
    public void Refuses_every_flipped_byte_and_names_the_file()
    {
        string path = Save(new CheckpointStore(root, keep: 2), 1, 0, 7);
        foreach (string file in Directory.GetFiles(path))
        {
            byte[] bytes = File.ReadAllBytes(file);
            for (int i = 0; i < bytes.Length; i++)
            {
                foreach (byte mask in (byte[])[0x01, 0x20, 0xFF])
                {
                    bytes[i] ^= mask;
                    File.WriteAllBytes(file, bytes);
                    CheckpointException error = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path));
                    Assert.Contains(Path.GetFileName(file), error.Message, StringComparison.Ordinal);
                    bytes[i] ^= mask;
                }
            }

            File.WriteAllBytes(file, bytes);
        }

        Assert.Equal(7, Value(Checkpoint.Open(path)));
    }

    [Fact]
    public void Refuses_every_truncation_trailing_bytes_and_missing_files()
    {
        string path = Save(new CheckpointStore(root, keep: 2), 1, 0, 7);
        foreach (string file in Directory.GetFiles(path))
        {
            byte[] bytes = File.ReadAllBytes(file);
            for (int length = 0; length < bytes.Length; length++)
            {
                File.WriteAllBytes(file, bytes[..length]);
                Assert.Throws<CheckpointException>(() => Checkpoint.Open(path));
            }

            File.WriteAllBytes(file, [.. bytes, 0]);
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(path));
            File.Delete(file);
            Assert.Contains(
                "missing",
                Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message,
                StringComparison.Ordinal);
            File.WriteAllBytes(file, bytes);
        }

        Assert.Equal(7, Value(Checkpoint.Open(path)));
    }

    [Fact]
    public void Refuses_a_mixture_of_two_checkpoints()
    {
        var store = new CheckpointStore(root, keep: 2);
        string first = Save(store, 1, 0, 1);
        string second = Save(store, 2, 0, 2);
        foreach (string name in (string[])["student.safetensors", "optimizer.dat", Checkpoint.StateFile])
        {
            string target = Path.Combine(second, name);
            byte[] own = File.ReadAllBytes(target);
            File.Copy(Path.Combine(first, name), target, overwrite: true);
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(second));
            File.WriteAllBytes(target, own);
        }

        Assert.Equal(2, Value(Checkpoint.Open(second)));
    }

    [Fact]
    public void Falls_back_to_the_one_before_and_says_which_file_is_damaged()
    {
        var store = new CheckpointStore(root, keep: 2);
        Save(store, 1, 0, 1);
        string second = Save(store, 2, 0, 2);
        string damaged = Path.Combine(second, "optimizer.dat");
        File.WriteAllBytes(damaged, new byte[File.ReadAllBytes(damaged).Length]);
        List<string> messages = [];

        Checkpoint? opened = store.OpenLatest(error => messages.Add(error.Message));

        Assert.Equal(1, Value(opened!));
        Assert.Contains("epoch-0002/optimizer.dat: damaged", Assert.Single(messages), StringComparison.Ordinal);
        Save(store, 2, 0, 3);
        Assert.Equal(3, Value(store.OpenLatest(_ => Assert.Fail("not damaged any more"))!));
    }

    /// <summary>
    /// Every call of a save fails once, before, in the middle or after its effect, and nothing works from then on. What
    /// remains must be
    /// the old checkpoint or the new one, whole, and the next start must leave nothing half-done behind.
    /// </summary>
    [Theory]
    [MemberData(nameof(Faults))]
    public void A_crash_at_any_call_leaves_the_old_checkpoint_or_the_new_one(Fault fault, int keep)
    {
        int old = 0;
        int fresh = 0;
        for (int call = 1; ; call++)
        {
            string folder = Path.Combine(root, $"{fault}-{keep}-{call}");
            Save(new CheckpointStore(folder, keep), 1, 0, 1, best: true);
            Save(new CheckpointStore(folder, keep), 2, 0, 2, best: true);
            var storage = new FaultyStorage(call, fault);
            bool failed = false;
            try
            {
                Save(new CheckpointStore(folder, keep, storage), 3, 0, 3, best: true);
            }
            catch (CheckpointException error)
            {
                failed = true;
                Assert.Contains(Path.Combine(folder, "epoch-0003"), error.Message, StringComparison.Ordinal);
                Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
            }

            Assert.InRange(Directory.GetFileSystemEntries(folder, "*.tmp-*").Length, 0, 1);
            var next = new CheckpointStore(folder, keep);
            next.Clean();
            Assert.Empty(Directory.GetFileSystemEntries(folder, "*.tmp-*"));
            int value = Value(next.OpenLatest(error => Assert.Fail($"call {call}: {error.Message}"))!);
            Assert.Contains(value, (int[])[2, 3]);
            Assert.True(next.Paths().All(path => Value(Checkpoint.Open(path)) > 0));
            Save(next, 4, 0, 4);
            Assert.Equal(4, Value(Checkpoint.Open(Path.Combine(folder, "last"))));
            (old, fresh) = (old + (value == 2 ? 1 : 0), fresh + (value == 3 ? 1 : 0));
            if (!failed)
            {
                break;
            }
        }

        Assert.True(
            old >= 6 && fresh >= 6,
            $"expected crashes on both sides of the rename but {old} left the old checkpoint and {fresh} the new one");
    }

    /// <summary>The kernel itself refuses: every write to /dev/full ends with ENOSPC.</summary>
    [Fact]
    public void A_full_disk_names_the_path_and_leaves_earlier_checkpoints()
    {
        var store = new CheckpointStore(root, keep: 2);
        Save(store, 1, 0, 1);

        CheckpointException error = Assert.Throws<CheckpointException>(
            () => Save(new CheckpointStore(root, keep: 2, new FullDisk()), 2, 0, 2));

        Assert.Contains(Path.Combine(root, "epoch-0002"), error.Message, StringComparison.Ordinal);
        Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, Value(store.OpenLatest(_ => Assert.Fail("damaged"))!));
        Assert.Empty(Directory.GetFileSystemEntries(root, "*.tmp-*"));
    }

    private static string Save(CheckpointStore store, int epoch, int step, int value, bool best = false) => store.Save(
        epoch,
        step,
        new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal)
        {
            ["student.safetensors"] = Weights(value),
            ["optimizer.dat"] = Enumerable.Repeat((byte)(value + 100), 40).ToArray(),
        },
        JsonSerializer.SerializeToElement(new { value }),
        best);

    private static byte[] Weights(int value) => [.. Enumerable.Range(value, 100).Select(i => (byte)i)];

    private static int Value(Checkpoint checkpoint) => checkpoint.State.GetProperty("value").GetInt32();

    private sealed class FullDisk : IStorage
    {
        public void CreateFolder(string path) => DiskStorage.Instance.CreateFolder(path);

        public void WriteFile(string path, ReadOnlyMemory<byte> bytes)
        {
            using var file = new FileStream(
                "/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            file.Write(bytes.Span);
        }

        public void SyncFolder(string path) => DiskStorage.Instance.SyncFolder(path);

        public void Rename(string path, string newPath) => DiskStorage.Instance.Rename(path, newPath);

        public void Link(string path, string target) => DiskStorage.Instance.Link(path, target);

        public void Delete(string path) => DiskStorage.Instance.Delete(path);
    }
}
