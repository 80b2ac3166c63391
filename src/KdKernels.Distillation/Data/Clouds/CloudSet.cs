using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace KdKernels.Distillation.Data;

/// <summary>
/// A labelled set of point clouds in memory: float32 coordinates <c>[N, 3, P]</c>, one integer label per cloud, class
/// names, and where the source knows them uint8 masks <c>[N, P]</c> (1 = the point is the object's, 0 = clutter).
/// Immutable.
/// </summary>
[SuppressMessage(
    "Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "A data set is a set.")]
public sealed partial class CloudSet
{
    /// <summary>Coordinates of a point.</summary>
    public const int Channels = 3;

    private readonly float[] _points;
    private readonly int[] _labels;
    private readonly byte[]? _masks;
    private readonly Lazy<string> _fingerprint;

    /// <summary>Takes the arrays over without a copy.</summary>
    /// <param name="name">Short name, such as <c>clouds-v1/train</c>.</param>
    /// <param name="description">One sentence for reports: source, version, how it was split.</param>
    /// <param name="pointCount">P, points of every cloud.</param>
    /// <param name="points"><c>[N, 3, P]</c>, row-major and finite; N is the number of labels.</param>
    /// <param name="labels"><c>[N]</c>, each in [0, number of class names).</param>
    /// <param name="classNames">One name per class.</param>
    /// <param name="masks"><c>[N, P]</c> of 0 and 1, or null.</param>
    /// <exception cref="ArgumentException">Sizes disagree, or a value is out of range.</exception>
    public CloudSet(
        string name,
        string description,
        int pointCount,
        float[] points,
        int[] labels,
        IReadOnlyList<string> classNames,
        byte[]? masks = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(points);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        ArgumentOutOfRangeException.ThrowIfLessThan(pointCount, 1);
        RequireSize(points.Length, (long)labels.Length * Channels * pointCount, nameof(points));
        RequireFinite(points, pointCount);
        RequireLabels(labels, classNames.Count);
        if (masks is not null)
        {
            RequireSize(masks.Length, (long)labels.Length * pointCount, nameof(masks));
            RequireMasks(masks, pointCount);
        }

        Name = name;
        Description = description;
        PointCount = pointCount;
        ClassNames = [.. classNames];
        _points = points;
        _labels = labels;
        _masks = masks;
        _fingerprint = new Lazy<string>(ComputeFingerprint);
    }

    public string Name { get; }

    public string Description { get; }

    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>N.</summary>
    public int Count => _labels.Length;

    /// <summary>P.</summary>
    public int PointCount { get; }

    public int ClassCount => ClassNames.Count;

    public bool HasMasks => _masks is not null;

    /// <summary>All coordinates, <c>[N, 3, P]</c>.</summary>
    public ReadOnlySpan<float> Points => _points;

    /// <summary>All labels, <c>[N]</c>.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>All masks, <c>[N, P]</c>; empty where there are none.</summary>
    public ReadOnlySpan<byte> Masks => _masks;

    /// <summary>
    /// SHA-256, in lower-case hexadecimal, of sizes, class names, labels, coordinates and masks; not of name and
    /// description.
    /// </summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>One cloud, <c>[3, P]</c>.</summary>
    public ReadOnlySpan<float> Cloud(int index)
    {
        RequireIndex(index);
        return _points.AsSpan(index * Channels * PointCount, Channels * PointCount);
    }

    /// <summary>One mask, <c>[P]</c>.</summary>
    /// <exception cref="InvalidOperationException">The set has no masks.</exception>
    public ReadOnlySpan<byte> Mask(int index)
    {
        RequireIndex(index);
        if (_masks is null)
            throw new InvalidOperationException($"expected a set with masks but '{Name}' has none");
        return _masks.AsSpan(index * PointCount, PointCount);
    }

    public int Label(int index)
    {
        RequireIndex(index);
        return _labels[index];
    }

    /// <summary>Writes the coordinates of a batch.</summary>
    /// <param name="indices"><c>[B]</c>.</param>
    /// <param name="destination"><c>[B, 3, P]</c>.</param>
    public void CopyPoints(ReadOnlySpan<int> indices, Span<float> destination)
    {
        int size = Channels * PointCount;
        RequireSize(destination.Length, (long)indices.Length * size, nameof(destination));
        for (int i = 0; i < indices.Length; i++)
            Cloud(indices[i]).CopyTo(destination[(i * size)..]);
    }

    /// <summary>Writes the labels of a batch as int64, the type that torch's losses take.</summary>
    /// <param name="indices"><c>[B]</c>.</param>
    /// <param name="destination"><c>[B]</c>.</param>
    public void CopyLabels(ReadOnlySpan<int> indices, Span<long> destination)
    {
        RequireSize(destination.Length, indices.Length, nameof(destination));
        for (int i = 0; i < indices.Length; i++)
            destination[i] = Label(indices[i]);
    }

    private string ComputeFingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string header = $"{Count} {Channels} {PointCount} {HasMasks}\n{string.Join('\n', ClassNames)}\n";
        hash.AppendData(Encoding.UTF8.GetBytes(header));
        byte[] bytes = new byte[checked(4 * Math.Max(_labels.Length, _points.Length))];
        for (int i = 0; i < _labels.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), _labels[i]);
        hash.AppendData(bytes, 0, 4 * _labels.Length);
        for (int i = 0; i < _points.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), _points[i]);
        hash.AppendData(bytes, 0, 4 * _points.Length);
        if (_masks is not null)
            hash.AppendData(_masks);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
