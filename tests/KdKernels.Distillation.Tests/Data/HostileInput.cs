using KdKernels.Core;
using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

/// <summary>
/// Feeds damaged files to a reader. Whatever they hold, it may only succeed or throw <see cref="KdDataException"/>,
/// within twice the file's size, 16 MiB and what its header declares.
/// </summary>
internal static class HostileInput
{
    private const long Slack = 16L << 20;

    /// <summary>Every proper prefix must be refused.</summary>
    public static void RefusesEveryTruncation(byte[] file, Action<byte[]> read)
    {
        read(file);
        for (int length = 0; length < file.Length; length++)
        {
            byte[] part = file[..length];
            Exception? thrown = Record.Exception(() => read(part));
            Assert.True(
                thrown is KdDataException,
                $"prefix of {length} of {file.Length} bytes: {thrown?.ToString() ?? "accepted"}");
        }
    }

    /// <param name="seeds">Valid files to damage.</param>
    /// <param name="count">Mutants.</param>
    /// <param name="read">The reader under test.</param>
    /// <param name="declaredBytes">Output that the mutant's header declares and a reader may therefore
    /// allocate.</param>
    /// <param name="repair">Repairs checksums, so that mutants get past them; applied to every second one.</param>
    public static void SurvivesMutation(
        IReadOnlyList<byte[]> seeds,
        int count,
        Action<byte[]> read,
        Func<byte[], long>? declaredBytes = null,
        Action<byte[]>? repair = null)
    {
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] mutant = Mutate(seeds[i % seeds.Count], (uint)i);
            if (i / seeds.Count % 2 == 1)
                repair?.Invoke(mutant);
            long allowed = 2L * mutant.Length + Slack + (declaredBytes?.Invoke(mutant) ?? 0);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Exception? thrown = Record.Exception(() => read(mutant));
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(thrown is null or KdDataException, $"mutant {i}: {thrown}");
            Assert.True(
                allocated <= allowed,
                $"mutant {i}: {allocated} bytes allocated for {mutant.Length}, {allowed} allowed");
            refused += thrown is null ? 0 : 1;
        }

        Assert.True(refused > count / 10, $"only {refused} of {count} mutants were refused: they are hardly damaged");
    }

    private static byte[] Mutate(byte[] original, uint index)
    {
        var random = new PhiloxSequence(seed: 20260, purpose: 1, minor: index);
        byte[] mutant = (byte[])original.Clone();
        int edits = 1 + random.NextInt32(4);
        for (int e = 0; e < edits && mutant.Length > 0; e++)
        {
            // Headers decide about sizes, so half of all edits land there.
            int at = random.NextInt32(2) == 0 ? random.NextInt32(Math.Min(64, mutant.Length)) : random.NextInt32(
                mutant.Length);
            switch (random.NextInt32(6))
            {
                case 0:
                    mutant[at] ^= (byte)(1 << random.NextInt32(8));
                    break;
                case 1:
                    mutant[at] = (byte)random.NextInt32(256);
                    break;
                case 2:
                    mutant[at] = (byte)(random.NextInt32(2) == 0 ? 0 : 255);
                    break;
                case 3:
                    mutant.AsSpan(at, Math.Min(4, mutant.Length - at)).Fill((byte)(random.NextInt32(2) == 0 ? 0 : 255));
                    break;
                case 4:
                    mutant = mutant[..at];
                    break;
                default:
                    mutant = [.. mutant[..at], .. mutant[random.NextInt32(at + 1)..]];
                    break;
            }
        }

        return mutant;
    }
}
