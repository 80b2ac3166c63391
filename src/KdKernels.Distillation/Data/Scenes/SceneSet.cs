using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace KdKernels.Distillation.Data;

/// <summary>
/// Images with the objects in them: uint8 pixels <c>[N, C, H, W]</c> and per image a list of classes and boxes.
/// Immutable.
/// </summary>
/// <remarks>Boxes do not follow a crop or a flip: train on these without geometric augmentation.</remarks>
[SuppressMessage(
    "Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "A data set is a set.")]
public sealed class SceneSet
{
    private readonly SceneObject[][] _objects;
    private readonly Lazy<string> _fingerprint;

    /// <param name="images">
    /// The pixels. Masks, where it has them, hold k + 1 where object k is what one sees and 0 elsewhere.
    /// </param>
    /// <param name="objects">One list per image; may be empty.</param>
    /// <exception cref="ArgumentException">
    /// The counts differ, a class does not exist, or a box has no inside or leaves the image.
    /// </exception>
    public SceneSet(ImageSet images, IReadOnlyList<IReadOnlyList<SceneObject>> objects)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(objects);
        if (objects.Count != images.Count)
        {
            throw new ArgumentException(
                $"expected {images.Count} lists of objects but got {objects.Count}", nameof(objects));
        }

        _objects = [.. objects.Select(list => list.ToArray())];
        for (int i = 0; i < _objects.Length; i++)
        {
            foreach (SceneObject item in _objects[i])
                RequireInside(images, i, item);
        }

        Images = images;
        _fingerprint = new Lazy<string>(ComputeFingerprint);
    }

    /// <summary>The pixels, as every other set has them.</summary>
    public ImageSet Images { get; }

    public string Name => Images.Name;

    public string Description => Images.Description;

    /// <summary>N.</summary>
    public int Count => Images.Count;

    public IReadOnlyList<string> ClassNames => Images.ClassNames;

    public int ClassCount => Images.ClassCount;

    /// <summary>SHA-256, in lower-case hexadecimal, of the images' fingerprint, the classes and the boxes.</summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>The objects of one image, in the order in which they were painted.</summary>
    public IReadOnlyList<SceneObject> Objects(int index)
    {
        if ((uint)index >= (uint)Count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"expected an index in [0, {Count})");
        return _objects[index].AsReadOnly();
    }

    /// <summary>The objects of several images.</summary>
    /// <param name="indices"><c>[B]</c>.</param>
    public IReadOnlyList<SceneObject>[] Objects(ReadOnlySpan<int> indices)
    {
        var result = new IReadOnlyList<SceneObject>[indices.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = Objects(indices[i]);
        return result;
    }

    /// <summary><paramref name="count"/> images from <paramref name="start"/> on.</summary>
    public SceneSet Range(int start, int count) => new(Images.Range(start, count), _objects[start..(start + count)]);

    /// <summary>Some images, in the order of <paramref name="indices"/>.</summary>
    public SceneSet Select(ReadOnlySpan<int> indices) => new(Images.Select(indices), Objects(indices));

    /// <summary>The first <paramref name="count"/> images.</summary>
    public SceneSet Take(int count) => Range(0, count);

    private string ComputeFingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Convert.FromHexString(Images.Fingerprint));
        byte[] bytes = new byte[36];
        foreach (SceneObject[] list in _objects)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, list.Length);
            hash.AppendData(bytes, 0, 4);
            foreach ((int classId, BoundingBox box) in list)
            {
                BinaryPrimitives.WriteInt32LittleEndian(bytes, classId);
                BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(4), box.X0);
                BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(12), box.Y0);
                BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(20), box.X1);
                BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(28), box.Y1);
                hash.AppendData(bytes);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void RequireInside(ImageSet images, int index, SceneObject item)
    {
        if ((uint)item.ClassId >= (uint)images.ClassCount)
        {
            throw new ArgumentException(
                $"expected classes in [0, {images.ClassCount}) but got {item.ClassId} in image {index}",
                nameof(item));
        }

        // Negated, so that NaN is refused.
        BoundingBox box = item.Box;
        if (!(box.X0 >= 0 && box.Y0 >= 0 && box.X1 <= images.Width && box.Y1 <= images.Height && box.Area > 0))
        {
            throw new ArgumentException(
                $"expected boxes inside {images.Height}x{images.Width} but got {box} in image {index}", nameof(item));
        }
    }
}
