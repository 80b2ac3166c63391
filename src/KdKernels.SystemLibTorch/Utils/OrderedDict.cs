using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace TorchSharp.Utils;

/// <summary>A dictionary that is enumerated in the order in which its keys were first added.</summary>
public class OrderedDict<TKey, TValue> : IEnumerable<(TKey, TValue)>
    where TKey : notnull
{
    private readonly List<(TKey, TValue)> _items = [];
    private readonly Dictionary<TKey, int> _positions = [];

    /// <summary>The number of entries.</summary>
    public int Count => _items.Count;

    /// <summary>The value of a key; assigning to a known key keeps its place.</summary>
    public TValue this[TKey key]
    {
        get => _items[_positions[key]].Item2;
        set
        {
            if (_positions.TryGetValue(key, out int position))
                _items[position] = (key, value);
            else
                Add(key, value);
        }
    }

    /// <summary>Appends an entry.</summary>
    /// <exception cref="ArgumentException">The key is already there.</exception>
    public void Add(TKey key, TValue value)
    {
        _positions.Add(key, _items.Count);
        _items.Add((key, value));
    }

    /// <summary>Whether the key is there.</summary>
    public bool ContainsKey(TKey key) => _positions.ContainsKey(key);

    /// <summary>Looks a key up without throwing.</summary>
    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        bool found = _positions.TryGetValue(key, out int position);
        value = found ? _items[position].Item2 : default;
        return found;
    }

    /// <summary>Removes a key; false when it was not there.</summary>
    public bool Remove(TKey key)
    {
        if (!_positions.Remove(key, out int position)) return false;
        _items.RemoveAt(position);
        for (int i = position; i < _items.Count; i++) _positions[_items[i].Item1] = i;
        return true;
    }

    /// <summary>Removes every entry.</summary>
    public void Clear()
    {
        _items.Clear();
        _positions.Clear();
    }

    /// <summary>Removes every entry.</summary>
    public void clear() => Clear();

    /// <summary>The entries in order.</summary>
    public IEnumerator<(TKey, TValue)> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
