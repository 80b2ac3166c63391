using System.Runtime.InteropServices;
using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>What one sample gets in one epoch.</summary>
/// <param name="Top">Source row of the first output row, in [-padding, padding].</param>
/// <param name="Left">Source column of the first output column before a flip, in [-padding, padding].</param>
/// <param name="Flip">Mirror left and right, after the crop.</param>
/// <param name="CutoutRow">Row of the cutout's centre in the output.</param>
/// <param name="CutoutColumn">Column of the cutout's centre in the output.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AugmentationDraw(int Top, int Left, bool Flip, int CutoutRow, int CutoutColumn);

/// <summary>
/// uint8 images to a normalised float32 batch <c>[B, C, H, W]</c>, with random crop, flip and cutout. What a sample
/// gets is a pure function of (seed, epoch, sample index): it does not depend on the batch it is in, on order or on
/// threads, and teacher and student see the same pixels.
/// </summary>
/// <remarks>
/// Byte b of channel c becomes <c>(b / 255 - mean_c) / std_c</c>, computed in float64 and rounded once (a table of 256
/// values per channel), so the bits are the same on every machine. Instances hold no changing state and may be shared
/// by threads.
/// </remarks>
public sealed class Augmentation
{
    private readonly AugmentationOptions _options;
    private readonly float[][] _tables;
    private readonly ulong _seed;

    /// <param name="options">Random changes.</param>
    /// <param name="statistics">Mean and deviation of the <b>training</b> set.</param>
    /// <param name="seed">Seed of the draws.</param>
    public Augmentation(AugmentationOptions options, ChannelStatistics statistics, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(statistics);
        _options = options;
        _seed = seed;
        _tables = PixelTable.Of(statistics);
    }

    public AugmentationOptions Options => _options;

    /// <summary>Normalisation without any random change: what evaluation uses.</summary>
    public static Augmentation NormalizeOnly(ChannelStatistics statistics) =>
        new(AugmentationOptions.None, statistics, seed: 0);

    /// <summary>What <paramref name="sample"/> gets in <paramref name="epoch"/>.</summary>
    public AugmentationDraw Draw(ImageShape shape, int epoch, int sample)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(sample);

        // Everything is drawn whatever the options say, so that turning one of them on leaves the others' draws as they
        // were.
        var random = new PhiloxSequence(_seed, RandomPurpose.Augmentation, (uint)epoch, (uint)sample);
        int padding = _options.CropPadding;
        int top = random.NextInt32(2 * padding + 1) - padding;
        int left = random.NextInt32(2 * padding + 1) - padding;
        bool flip = random.NextDouble() < _options.FlipProbability;
        return new AugmentationDraw(top, left, flip, random.NextInt32(shape.Height), random.NextInt32(shape.Width));
    }

    /// <summary>Writes a batch.</summary>
    /// <param name="images">Source.</param>
    /// <param name="indices">Samples, <c>[B]</c>.</param>
    /// <param name="epoch">Epoch, from 0; another epoch gives other draws.</param>
    /// <param name="destination"><c>[B, C, H, W]</c>, contiguous.</param>
    /// <exception cref="ArgumentException">Channels differ from the statistics', the destination has another size, or
    /// the padding does not fit the image.</exception>
    public void Fill(ImageSet images, ReadOnlySpan<int> indices, int epoch, Span<float> destination)
    {
        RequireFit(images, indices.Length, images?.Shape.ByteCount ?? 0, destination.Length);
        ImageShape shape = images!.Shape;
        Span<int> columns = shape.Width <= 1024 ? stackalloc int[shape.Width] : new int[shape.Width];
        Span<byte> line = shape.Width < 1024 ? stackalloc byte[shape.Width + 1] : new byte[shape.Width + 1];
        for (int i = 0; i < indices.Length; i++)
        {
            AugmentationDraw draw = Draw(shape, epoch, indices[i]);
            MapColumns(draw, columns);
            ReadOnlySpan<byte> source = images.Image(indices[i]);
            Span<float> output = destination.Slice(i * shape.ByteCount, shape.ByteCount);
            for (int c = 0; c < shape.Channels; c++)
            {
                ReadOnlySpan<float> table = _tables[c];
                ReadOnlySpan<byte> plane = source.Slice(c * shape.PixelCount, shape.PixelCount);
                for (int y = 0; y < shape.Height; y++)
                {
                    Span<float> row = output.Slice(c * shape.PixelCount + y * shape.Width, shape.Width);
                    int sourceRow = Resolve(y + draw.Top, shape.Height);
                    if (sourceRow < 0)
                    {
                        row.Fill(table[0]);
                        continue;
                    }

                    // The extra last byte is the padding: columns outside the image point at it.
                    plane.Slice(sourceRow * shape.Width, shape.Width).CopyTo(line);
                    for (int x = 0; x < row.Length; x++)
                        row[x] = table[line[columns[x]]];
                }
            }

            CutOut(draw, shape, output);
        }
    }

    /// <summary>
    /// Writes the masks of a batch under the same crop and flip. Cutout leaves a mask as it is: the object is still
    /// there, only unseen.
    /// </summary>
    /// <param name="images">Source, with masks.</param>
    /// <param name="indices">Samples, <c>[B]</c>.</param>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="destination"><c>[B, H, W]</c>; padding is 0, or mirrored as the image is.</param>
    public void FillMasks(ImageSet images, ReadOnlySpan<int> indices, int epoch, Span<byte> destination)
    {
        RequireFit(images, indices.Length, images?.Shape.PixelCount ?? 0, destination.Length);
        ImageShape shape = images!.Shape;
        int[] columns = new int[shape.Width];
        byte[] line = new byte[shape.Width + 1];
        for (int i = 0; i < indices.Length; i++)
        {
            AugmentationDraw draw = Draw(shape, epoch, indices[i]);
            MapColumns(draw, columns);
            ReadOnlySpan<byte> source = images.Mask(indices[i]);
            for (int y = 0; y < shape.Height; y++)
            {
                Span<byte> row = destination.Slice(i * shape.PixelCount + y * shape.Width, shape.Width);
                int sourceRow = Resolve(y + draw.Top, shape.Height);
                row.Clear();
                if (sourceRow < 0)
                    continue;
                source.Slice(sourceRow * shape.Width, shape.Width).CopyTo(line);
                for (int x = 0; x < row.Length; x++)
                    row[x] = line[columns[x]];
            }
        }
    }

    private void MapColumns(AugmentationDraw draw, Span<int> columns)
    {
        int width = columns.Length;
        for (int x = 0; x < width; x++)
        {
            int column = Resolve((draw.Flip ? width - 1 - x : x) + draw.Left, width);
            columns[x] = column < 0 ? width : column;
        }
    }

    /// <summary>Source position of a padded one; -1 for zero padding.</summary>
    private int Resolve(int position, int extent)
    {
        if ((uint)position < (uint)extent)
            return position;
        if (_options.PaddingMode == PaddingMode.Zero)
            return -1;
        return position < 0 ? -position : 2 * (extent - 1) - position;
    }

    private void CutOut(AugmentationDraw draw, ImageShape shape, Span<float> output)
    {
        int size = _options.CutoutSize;
        if (size == 0)
            return;
        int top = Math.Max(0, draw.CutoutRow - size / 2);
        int left = Math.Max(0, draw.CutoutColumn - size / 2);
        int bottom = Math.Min(shape.Height, draw.CutoutRow - size / 2 + size);
        int right = Math.Min(shape.Width, draw.CutoutColumn - size / 2 + size);
        for (int c = 0; c < shape.Channels; c++)
        {
            for (int y = top; y < bottom; y++)
                output.Slice(c * shape.PixelCount + y * shape.Width + left, right - left).Clear();
        }
    }

    private void RequireFit(ImageSet? images, int batch, int bytesEach, int length)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Channels != _tables.Length)
        {
            throw new ArgumentException(
                $"expected images of {_tables.Length} channels, as the statistics have, but got {images.Channels}",
                nameof(images));
        }

        if ((long)batch * bytesEach != length)
        {
            throw new ArgumentException(
                $"expected a destination of {(long)batch * bytesEach} elements but got {length}", nameof(length));
        }

        int limit = _options.PaddingMode == PaddingMode.Reflect ? Math.Min(images.Height, images.Width) : int.MaxValue;
        if (_options.CropPadding >= limit)
        {
            throw new ArgumentException(
                $"expected a padding below {limit} for {images.Shape} but got {_options.CropPadding}", nameof(images));
        }
    }
}
