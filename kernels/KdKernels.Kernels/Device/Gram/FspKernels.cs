using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>The matrices of two layers, or the loss of a student's and a teacher's.</summary>
public static class FspKernels
{
    /// <summary>Threads of a block: four warps of 32 x 32 sums each.</summary>
    public const int Threads = 128;

    // Four stages of 128 rows of 64 bytes: three are under way while one is multiplied.
    private const int StageVectors = 512;
    private const int Stages = 4;

    /// <summary>A block for each tile, or for each part of one.</summary>
    public static void Matrices<T, TSource, TProduct>(FspArguments<T> a)
        where T : unmanaged
        where TSource : struct, IGramSource<T>
        where TProduct : struct, IGramProduct
    {
        var ring = SharedMemory.Allocate<U4>(Stages * StageVectors);
        var flags = SharedMemory.Allocate<int>(32);
        var columns = SharedMemory.Allocate<float>(2 * FspTile.Size);
        var sums = SharedMemory.Allocate<double>(8 * 4);
        int perSample = FspTile.PerSample(a);
        long tiles = a.Batch * perSample;
        for (long item = Grid.IdxX; item < tiles * a.Splits; item += Grid.DimX)
        {
            var tile = FspTile.Of(a, item);
            var student = Products<T, TSource, TProduct>(Student(a, tile), tile, a.Splits, a.Zero, ring);
            float scale = 1f / ((float)a.Height * a.Width);
            if (a.Teacher1.Length > 0)
            {
                var teacher = Products<T, TSource, TProduct>(Teacher(a, tile), tile, a.Splits, a.Zero, ring);
                student.Subtract(scale, teacher, 1f / ((float)a.TeacherHeight * a.TeacherWidth));
                scale = 1f;
            }
            int isWhole = 1;
            if (a.Splits > 1) isWhole = Combine(a, tile, ref student, flags);
            if (isWhole == 0) continue;
            Store(a, tile, scale, ref student);
            if (a.Teacher1.Length > 0) FspFinish.Tile(a, tile, perSample, ref student, columns, sums);
        }
        if (a.Loss.Length > 0) FspFinish.Loss(a, tiles, perSample, flags, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static GramTile Products<T, TSource, TProduct>(
        in GramOperands<T> operands, in FspTile tile, int splits, int zero, ArrayView<U4> ring)
        where T : unmanaged
        where TSource : struct, IGramSource<T>
        where TProduct : struct, IGramProduct
    {
        TSource source = default;
        int perChunk = 16 * source.PerWord;
        int chunks = (operands.Pixels + perChunk - 1) / perChunk;
        int perSplit = (chunks + splits - 1) / splits;
        int chunk = IntrinsicMath.Min(tile.Split * perSplit, chunks);
        int end = IntrinsicMath.Min(chunk + perSplit, chunks);
        source.Begin(operands, tile.Sample, tile.Row, tile.Column);

        // Lane 4g + q reads vector q of row g: eight lanes read two rows side by side, and no two of them the same bank.
        int lane = Group.IdxX & 31;
        int warp = Group.IdxX >> 5;
        int rows = ((warp & 1) * 128) + lane;
        int columns = (operands.Shared != 0 ? 0 : 256) + ((warp >> 1) * 128) + lane;

        TProduct product = default;
        product.Begin(zero);
        GramTile result = default;
        for (int stage = 0; stage < Stages - 1; stage++)
        {
            if (chunk + stage < end) source.Fill(ring.SubView(stage * StageVectors), chunk + stage);
            Ptx.CommitCopies();
        }
        for (int slot = 0; chunk < end; chunk++)
        {
            Ptx.WaitForCopies(Stages - 2);
            Group.Barrier();
            // Every warp is done with the chunk before, whose stage is free.
            if (chunk + Stages - 1 < end)
                source.Fill(ring.SubView(((slot + Stages - 1) & (Stages - 1)) * StageVectors), chunk + Stages - 1);
            Ptx.CommitCopies();
            var stage = ring.SubView(slot * StageVectors);
            var lines = stage.SubView(columns);
            GramColumns words;
            words.C0 = lines[0];
            words.C1 = lines[32];
            words.C2 = lines[64];
            words.C3 = lines[96];
            result.AddProducts(product, stage.SubView(rows), words);
            slot = (slot + 1) & (Stages - 1);
        }
        Group.Barrier();
        return result;
    }

    /// <summary>
    /// Gives this part to the block that is done last with the tile, which adds all parts in their order; 1 if this is it, else 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Combine<T>(in FspArguments<T> a, in FspTile tile, ref GramTile sums, ArrayView<int> flags)
        where T : unmanaged
    {
        long first = tile.Number * a.Splits * (FspTile.Size * FspTile.Size);
        PartStore store;
        store.Part = a.Parts.SubView(first + (tile.Split * (FspTile.Size * FspTile.Size)) + Group.IdxX);
        sums.Each(ref store);
        Group.Barrier();
        int counter = 1 + (int)(tile.Number >> 2);
        int shift = ((int)tile.Number & 3) << 3;
        if (Group.IdxX == 0)
        {
            // After the barrier, so that it covers what the other threads wrote.
            MemoryFence.DeviceLevel();
            int done = (Atomic.Add(ref a.Counters[counter], 1 << shift) >> shift) & 255;
            MemoryFence.DeviceLevel();
            flags[0] = done;
        }
        Group.Barrier();
        bool isLast = flags[0] == a.Splits - 1;
        Group.Barrier();
        if (!isLast) return 0;
        if (Group.IdxX == 0) Atomic.Add(ref a.Counters[counter], -(a.Splits << shift));
        sums = default;
        for (int split = 0; split < a.Splits; split++)
        {
            PartAdd add;
            add.Part = a.Parts.SubView(first + (split * (FspTile.Size * FspTile.Size)) + Group.IdxX);
            sums.Each(ref add);
        }
        return 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(in FspArguments<T> a, in FspTile tile, float scale, ref GramTile sums)
        where T : unmanaged
    {
        GramStore store;
        store.Gram = a.Gram;
        store.Strides = a.GramStrides;
        store.Start = tile.Sample * a.GramStrides.Outer;
        store.Scale = scale;
        store.Row = tile.Row + FspFinish.FirstRow;
        store.Column = tile.Column + FspFinish.FirstColumn;
        store.Rows = a.Channels1;
        store.Columns = a.Channels2;
        store.Paired = a.Paired;
        store.Mirrored = a.Symmetric != 0 & tile.Row != tile.Column ? 1 : 0;
        sums.Each(ref store);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static GramOperands<T> Student<T>(in FspArguments<T> a, in FspTile tile)
        where T : unmanaged
    {
        GramOperands<T> operands;
        operands.Features1 = a.Student1;
        operands.Features2 = a.Student2;
        operands.Map1 = a.StudentMap1;
        operands.Map2 = a.StudentMap2;
        operands.Height = a.Height;
        operands.Width = a.Width;
        operands.Channels1 = a.Channels1;
        operands.Channels2 = a.Channels2;
        operands.Average = a.Average;
        operands.Shared = a.Symmetric != 0 & tile.Row == tile.Column ? 1 : 0;
        return operands;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static GramOperands<T> Teacher<T>(in FspArguments<T> a, in FspTile tile)
        where T : unmanaged
    {
        var operands = Student(a, tile);
        operands.Features1 = a.Teacher1;
        operands.Features2 = a.Teacher2;
        operands.Map1 = a.TeacherMap1;
        operands.Map2 = a.TeacherMap2;
        operands.Height = a.TeacherHeight;
        operands.Width = a.TeacherWidth;
        return operands;
    }
}
