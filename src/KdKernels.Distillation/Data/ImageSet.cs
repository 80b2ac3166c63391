using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace KdKernels.Distillation.Data;

/// <summary>
/// A labelled set of images in memory: uint8 pixels <c>[N, C, H, W]</c>, one integer label per image, class names, and
/// where the source has them uint8 masks <c>[N, H, W]</c> (0 = background). Immutable.
/// </summary>
[SuppressMessage(
    "Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "A data set is a set.")]
public sealed partial class ImageSet
{
    private readonly byte[] _pixels;
    private readonly int[] _labels;
    private readonly byte[]? _masks;
    private readonly Lazy<string> _fingerprint;
    private readonly Lazy<ChannelStatistics> _statistics;

    /// <summary>Takes the arrays over without a copy.</summary>
    /// <param name="name">Short name, such as <c>cifar10/train</c>.</param>
    /// <param name="description">One sentence for reports: source, version, how it was split.</param>
    /// <param name="shape">Channels, height and width of every image.</param>
    /// <param name="pixels"><c>[N, C, H, W]</c>, row-major; N is the number of labels.</param>
    /// <param name="labels"><c>[N]</c>, each in [0, number of class names).</param>
    /// <param name="classNames">One name per class.</param>
    /// <param name="masks"><c>[N, H, W]</c>, or null.</param>
    /// <exception cref="ArgumentException">Sizes disagree, or a label is out of range.</exception>
    public ImageSet(
        string name,
        string description,
        ImageShape shape,
        byte[] pixels,
        int[] labels,
        IReadOnlyList<string> classNames,
        byte[]? masks = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        RequireLength(pixels.Length, (long)labels.Length * shape.PixelCount * shape.Channels, nameof(pixels));
        if (masks is not null)
            RequireLength(masks.Length, (long)labels.Length * shape.PixelCount, nameof(masks));
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classNames.Count)
            {
                throw new ArgumentException(
                    $"expected labels in [0, {classNames.Count}) but got {labels[i]} at index {i}", nameof(labels));
            }
        }

        Name = name;
        Description = description;
        Shape = shape;
        ClassNames = [.. classNames];
        _pixels = pixels;
        _labels = labels;
        _masks = masks;
        _fingerprint = new Lazy<string>(ComputeFingerprint);
        _statistics = new Lazy<ChannelStatistics>(() => ChannelStatistics.Of(this));
    }

    public string Name { get; }

    public string Description { get; }

    public ImageShape Shape { get; }

    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>N.</summary>
    public int Count => _labels.Length;

    public int Channels => Shape.Channels;

    public int Height => Shape.Height;

    public int Width => Shape.Width;

    public int ClassCount => ClassNames.Count;

    public bool HasMasks => _masks is not null;

    /// <summary>All pixels, <c>[N, C, H, W]</c>.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels;

    /// <summary>All labels, <c>[N]</c>.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>
    /// SHA-256, in lower-case hexadecimal, of shape, class names, labels, pixels and masks; not of name and
    /// description.
    /// </summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>Mean and standard deviation per channel, on the scale 0 to 1. Computed once, on first use.</summary>
    public ChannelStatistics Statistics => _statistics.Value;

    /// <summary>One image, <c>[C, H, W]</c>.</summary>
    public ReadOnlySpan<byte> Image(int index)
    {
        RequireIndex(index);
        return _pixels.AsSpan(index * Shape.ByteCount, Shape.ByteCount);
    }

    /// <summary>One mask, <c>[H, W]</c>.</summary>
    /// <exception cref="InvalidOperationException">The set has no masks.</exception>
    public ReadOnlySpan<byte> Mask(int index)
    {
        RequireIndex(index);
        if (_masks is null)
            throw new InvalidOperationException($"expected a set with masks but '{Name}' has none");
        return _masks.AsSpan(index * Shape.PixelCount, Shape.PixelCount);
    }

    public int Label(int index)
    {
        RequireIndex(index);
        return _labels[index];
    }

    /// <summary>Writes the labels of a batch as int64, the type that torch's losses take.</summary>
    /// <param name="indices"><c>[B]</c>.</param>
    /// <param name="destination"><c>[B]</c>.</param>
    public void CopyLabels(ReadOnlySpan<int> indices, Span<long> destination)
    {
        if (destination.Length != indices.Length)
        {
            throw new ArgumentException(
                $"expected a destination of length {indices.Length} but got {destination.Length}", nameof(destination));
        }

        for (int i = 0; i < indices.Length; i++)
            destination[i] = Label(indices[i]);
    }

    /// <summary>How many images each class has, <c>[classes]</c>.</summary>
    public int[] LabelHistogram()
    {
        int[] histogram = new int[ClassCount];
        foreach (int label in _labels)
            histogram[label]++;
        return histogram;
    }

    private string ComputeFingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string header = $"{Count} {Channels} {Height} {Width} {HasMasks}\n{string.Join('\n', ClassNames)}\n";
        hash.AppendData(Encoding.UTF8.GetBytes(header));
        byte[] labels = new byte[checked(4 * _labels.Length)];
        for (int i = 0; i < _labels.Length; i++)
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(labels.AsSpan(4 * i), _labels[i]);
        hash.AppendData(labels);
        hash.AppendData(_pixels);
        if (_masks is not null)
            hash.AppendData(_masks);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void RequireIndex(int index)
    {
        if ((uint)index >= (uint)Count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"expected an index in [0, {Count})");
    }

    private static void RequireLength(int actual, long expected, string parameter)
    {
        if (actual != expected)
            throw new ArgumentException($"expected {expected} bytes but got {actual}", parameter);
    }
}
